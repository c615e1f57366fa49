//! The language: parse, check, compile, Session; dialects, profiles, requirements.
