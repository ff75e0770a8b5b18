"""The pages: plain functions, one module a noun."""
