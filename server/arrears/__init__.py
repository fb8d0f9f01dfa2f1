"""Wage arrears: workers report one employer together, each with a sum and proofs of their own.

Who starts a joint report gets a short code to pass on; who has it joins with a part. Nobody sees
another's part: only how many they are and, once it is handed in and from three on, what it comes
to. An officer takes what was handed in, asks back, sends it to the labour inspection as one file,
and everybody is told what came of it, with their own sum. What is counted stands in the events, so
that a past week gives the same figures whenever it is asked for.
"""
