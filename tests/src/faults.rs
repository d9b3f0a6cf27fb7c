//! Behaviour of the programs when a system call fails, or when they are killed at one.
//!
//! A program runs under ptrace(2). Each system call that can fail for want of something is a
//! *point*: a run can make that call, or that call and all like it from then on, return an error
//! without being carried out, or kill the program just before the call or just after it. One run is
//! one [`point::Point`] on a device of its own, copied from a template; [`judge`] says what must be
//! true of it afterwards.
//!
//! - `arch`: registers, the one part that differs from processor to processor
//! - [`calls`]: which system calls are counted, and the errors that each can return
//! - [`tracer`]: runs a program and carries out one fault
//! - [`point`]: names one run
//! - [`operations`]: what the programs are doing meanwhile
//! - [`attempt`]: one run, and what it left
//! - [`judge`]: what is right
//! - [`sweep`]: all points of an operation, or a sample of them

mod arch;
pub mod attempt;
pub mod calls;
pub mod judge;
pub mod operations;
pub mod point;
pub mod sweep;
pub mod tracer;
