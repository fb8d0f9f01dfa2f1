"""The merchants' counter under /counter: where vouchers are used. `till` has its few pages."""
