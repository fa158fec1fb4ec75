//! Results as people and programs read them: values become bytes in a sink. Nothing is decided and
//! nothing is printed here.
//!
//! | for | module |
//! | --- | --- |
//! | people: lines that fit a terminal | [`text`] |
//! | programs: JSON whose form is frozen | [`json::v1`] |

pub mod json;
pub mod text;
