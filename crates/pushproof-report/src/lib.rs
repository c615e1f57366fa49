//! Events, verdicts, findings, secrets, the run record, one renderer per format.
