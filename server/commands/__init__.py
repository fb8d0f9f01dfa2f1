"""The commands of `nuangang` beside asking and serving: one module for each word after it."""
