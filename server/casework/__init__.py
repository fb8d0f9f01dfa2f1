"""Cases from the first draft to the last payment, and requests for help."""
