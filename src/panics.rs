//! Libraries that panic over some inputs: their panics are errors like others.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library's reader of foreign bytes; a panic in it is the error, and says nothing by itself.
///
/// # Errors
/// What the panic would have said.
pub fn caught<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    CAUGHT.set(true);
    // What the reader had in its hands is dropped.
    let result = catch_unwind(AssertUnwindSafe(read));
    CAUGHT.set(false);
    result.map_err(|panic| message(panic.as_ref()))
}

/// Whether a panic of this thread is going to be caught, so that nobody needs to be told.
pub fn is_caught() -> bool {
    CAUGHT.get()
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        assert_eq!(caught(|| 3), Ok(3));
        let number = 7;
        assert_eq!(caught(|| panic!("no page {number}")), Err::<(), _>("no page 7".to_string()));
        assert_eq!(caught(|| panic!("no page")), Err::<(), _>("no page".to_string()));
        assert!(!is_caught());
    }
}
