//! What a JSON reply looks like: infer, merge, compare, print, parse.
