//! A model of the licence partition's write window and of what licd remembers: two writers, a reader, a
//! program that is killed and a loss of power, in every order.
//!
//! A state is what the kernel shows of a few files, what the medium may hold of each, and how far each
//! program has come. Each [`Step`](step::Step) is the work of one function of the product, which
//! [`Step::code`](step::Step::code) names. [`explore`](explore::explore) visits every state; in each,
//! [`Promises`](promise::Promises) must hold. A [`Flaw`](program::Flaw) is a mistake that the programs
//! could have: the tests require that the model finds it.

pub mod device;
pub mod explore;
pub mod medium;
pub mod model;
pub mod program;
pub mod promise;
pub mod seen;
pub mod state;
pub mod step;
