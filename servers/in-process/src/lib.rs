//! The state machine between a completion-style native host and the contract.
