"""Finding what a question means: a library made ready, and the candidates it has."""
