//! The tokens of a program, through the public API.
