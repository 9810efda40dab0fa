//! Checks of the reader's messages and of the interpolation.

use super::*;

fn parse(text: &str) -> Result<OpticalConstants, OpticsError> {
    Parser { path: Path::new("glass.csv"), axes: Vec::new() }.parse(text.as_bytes())
}

fn message(text: &str) -> String {
    parse(text).expect_err("must be refused").to_string()
}

const GLASS: &str = "# glass\nwavelength_um,n,k\n1.0,1.5,0.001\n# band\n4.0,2.5,0.1\n9.0,2.0,0\n";

#[test]
fn values_at_the_nodes_are_those_of_the_file() {
    let glass = parse(GLASS).unwrap();
    assert_eq!(glass.axes.len(), 1);
    for (wavelength, n, k) in [(1e-6, 1.5, 0.001), (4e-6, 2.5, 0.1), (9e-6, 2.0, 0.0)] {
        let found = glass.axes[0].at(wavelength);
        assert!((found.n() - n).abs() < 1e-14 && (found.k() - k).abs() < 1e-14, "{found:?}");
    }
}

/// Half way in ln λ, √(1·4) = 2 µm: n is the mean, k the geometric mean; √(4·9) = 6 µm with k = 0 at one end: the mean.
#[test]
fn interpolation_is_linear_in_the_logarithm_of_the_wavelength() {
    let glass = parse(GLASS).unwrap();
    let found = glass.axes[0].at(2e-6);
    assert!((found.n() - 2.0).abs() < 1e-14 && (found.k() - 0.01).abs() < 1e-15, "{found:?}");
    let found = glass.axes[0].at(6e-6);
    assert!((found.n() - 2.25).abs() < 1e-14 && (found.k() - 0.05).abs() < 1e-15, "{found:?}");
}

#[test]
fn outside_the_data_the_last_value_is_held() {
    let glass = parse(GLASS).unwrap();
    assert_eq!(glass.axes[0].at(1e-8), glass.axes[0].indices[0]);
    assert_eq!(glass.axes[0].at(1.0), glass.axes[0].indices[2]);
}

#[test]
fn three_axes_are_kept_apart_and_columns_may_stand_in_any_order() {
    let crystal =
        parse("k,axis,n,wavelength_um\n0,a,1.5,1\n0,b,1.6,1\n0.1,a,1.5,2\n0.1,c,1.7,0.5\n0,b,1.6,3\n0,c,1.7,4\n")
            .unwrap();
    assert_eq!(crystal.axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(crystal.axes[1].wavelengths, [1e-6, 3e-6]);
    assert_eq!(crystal.range(), (1e-6, 2e-6));
}

#[test]
fn each_defect_is_named_with_its_line_and_its_remedy() {
    for (text, line, found, right) in [
        ("wavelength_um,n\n1,2\n", 1, "column `k` is missing", "the columns are wavelength_um, n, k"),
        ("wavelength_um,n,k,k\n1,2,3,4\n", 1, "column `k` stands twice", "the columns are"),
        ("# c\n\nlambda,n,k\n1,2,3\n", 3, "column `lambda` is not known", "wavelength_um"),
        ("wavelength_um,n,k\n# c\n1,abc,0\n", 3, "n is `abc`", "finite number"),
        ("wavelength_um,n,k\n1,1.5,0\n2,NaN,0\n", 3, "n is `NaN`", "finite number"),
        ("wavelength_um,n,k\n1,1.5,\n", 2, "k is ``", "finite number"),
        ("wavelength_um,n,k\n1,1.5,inf", 2, "k is `inf`", "finite number"),
        ("wavelength_um,n,k\n0,1.5,0\n", 2, "wavelength_um is 0", "above 0"),
        ("wavelength_um,n,k\n1,0,0\n", 2, "n = 0", "n must be above 0"),
        ("wavelength_um,n,k\n1,1.5,-1e-3\n", 2, "k = -0.001", "k 0 or above"),
        ("wavelength_um,n,k\n1,1.5,0\n# c\n# d\n\n0.5,1.5,0\n", 6, "wavelength_um 0.5 is below", "must increase"),
        ("wavelength_um,n,k\r\n1,1.5,0\r\n1,1.5,0\r\n", 3, "wavelength_um 1 repeats", "must increase"),
        ("axis,wavelength_um,n,k\na,1,1.5,0\na,1,1.5,0\n", 3, "of axis a", "must increase"),
        ("axis,wavelength_um,n,k\nx,1,1.5,0\n", 2, "axis is `x`", "a, b or c"),
        ("wavelength_um,n,k\n# c\n1,1.5\n", 3, "holds 2 values", "3 columns"),
    ] {
        let message = message(text);
        let start = format!("glass.csv:{line}: ");
        assert!(message.starts_with(&start) && message.contains(found) && message.contains(right), "{message}");
    }
}

#[test]
fn a_file_that_is_too_short_or_lacks_an_axis_is_refused() {
    for (text, part) in [
        ("", "holds no data"),
        ("# nothing\nwavelength_um,n,k\n", "holds no data"),
        ("wavelength_um,n,k\n1,1.5,0\n", "at least two"),
        ("axis,wavelength_um,n,k\na,1,2,0\nb,1,2,0\na,2,2,0\nb,2,2,0\n", "a and b"),
        ("axis,wavelength_um,n,k\na,1,2,0\na,2,2,0\nb,3,2,0\nb,4,2,0\nc,1,2,0\nc,2,2,0\n", "do not overlap"),
    ] {
        assert!(message(text).contains(part), "{}", message(text));
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_reading() {
    let error = OpticalConstants::read(Path::new("no/such/file.csv")).unwrap_err();
    assert!(matches!(error, OpticsError::Read { .. }) && error.to_string().starts_with("no/such/file.csv"));
}
