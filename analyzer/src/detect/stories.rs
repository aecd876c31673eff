//! Stories that a hostile reader of the vocabulary wrote, with the verdicts that they deserve: a false alarm is a bug as bad
//! as a miss, and what cannot be judged is a gap and never clean.

mod causes;
mod gaps;
mod locks;
mod replies;
mod terms;
