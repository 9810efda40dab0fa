use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn csv(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(self.path(name)).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        self.path(name)
    }

    fn set_age(&self, name: &str, seconds: u64) {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        File::options().write(true).open(self.path(name)).unwrap().set_modified(time).unwrap();
    }
}

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

#[test]
fn columns_come_in_the_order_in_which_they_are_asked_for() {
    let folder = Folder::new();
    let csv = folder.csv("t.csv", "# made by hand\na, b ,c\n1,2e-3,x\n# between\n-4,.5,y\n");
    let integers: ArrayRef = Arc::new(Int32Array::from(vec![1, -4]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let parquet = folder.parquet("u.parquet", vec![("a", integers), ("b", floats(&[2e-3, 0.5])), ("c", text)]);
    for path in [csv, parquet] {
        assert_eq!(names(&path).unwrap(), ["a", "b", "c"]);
        let table = read_columns(&path, &["b", "a"]).unwrap();
        assert_eq!((table.column(0), table.column(1)), (&[2e-3, 0.5][..], &[1.0, -4.0][..]));
        assert_eq!(table.file.size_bytes, fs::metadata(&path).unwrap().len());
    }
}

#[test]
fn text_with_blanks_and_json_hold_the_same_as_csv() {
    let folder = Folder::new();
    for path in [
        folder.csv("a.txt", "# made by hand\n\n  b   a\tc\r\n2e-3 1   7\n\n.5  -4 8\n"),
        folder.csv("b.dat", "b,a\n2e-3, 1\n0.5, -4\n"),
        folder.csv("c.json", r#"[{"b": 2e-3, "a": 1}, {"a": -4, "b": 0.5, "c": null}]"#),
        folder.csv("d.json", r#" {"b": [2e-3, 0.5], "a": [1, -4]}"#),
        folder.csv("e.json", r#"{"b": {"0": 2e-3, "1": 0.5}, "a": {"0": 1, "1": -4}}"#),
    ] {
        assert_eq!(&names(&path).unwrap()[..2], ["b", "a"], "{}", path.display());
        let table = read_columns(&path, &["a", "b"]).unwrap();
        assert_eq!((table.column(0), table.column(1)), (&[1.0, -4.0][..], &[2e-3, 0.5][..]), "{}", path.display());
    }
    let eleven: Vec<String> = (0..11).map(|row| format!("\"{row}\": {row}")).collect();
    let numbered = folder.csv("f.json", &format!("{{\"a\": {{{}}}}}", eleven.join(", ")));
    assert_eq!(read_columns(&numbered, &["a"]).unwrap().column(0), (0..11).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn the_built_in_table_is_that_of_the_data_folder() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/qpr_forsterite.csv");
    let ((rows, file), (built_in, part)) = (qpr::read(&path).unwrap(), qpr::read_built_in().unwrap());
    assert_eq!((rows, &file.sha256, file.size_bytes), (built_in, &part.sha256, part.size_bytes));
    assert!(part.built_in && !file.built_in && part.read == Path::new(qpr::BUILT_IN));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let folder = Folder::new();
    let table = read_columns(&folder.csv("t.csv", "\u{feff}a,b\r\n1,2\r\n"), &["a", "b"]).unwrap();
    assert_eq!((table.column(0), table.column(1)), (&[1.0][..], &[2.0][..]));
}

#[test]
fn the_digest_is_that_of_the_file() {
    let folder = Folder::new();
    let path = folder.csv("t.csv", "abc");
    // FIPS 180-2, example B.1: the digest of "abc"; the file has a header and no rows, so it is opened, not read.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Source::open(&path).unwrap().file.sha256, digest);
}

#[test]
fn the_newer_of_two_siblings_is_read_and_a_missing_one_replaced() {
    let folder = Folder::new();
    let csv = folder.csv("t.csv", "a\n1\n");
    assert_eq!(choose(&csv), csv);
    assert_eq!(choose(&folder.path("t.parquet")), csv);
    assert_eq!(choose(&folder.path("t.pq")), csv);
    let parquet = folder.parquet("t.parquet", vec![("a", floats(&[2.0]))]);
    folder.set_age("t.csv", 100);
    folder.set_age("t.parquet", 200);
    assert_eq!((choose(&csv), choose(&parquet)), (csv.clone(), parquet.clone()));
    folder.set_age("t.parquet", 50);
    assert_eq!(choose(&csv), parquet);
    let table = read_columns(&csv, &["a"]).unwrap();
    assert_eq!((table.column(0), &table.file.configured, &table.file.read), (&[2.0][..], &csv, &parquet));
    fs::remove_file(&csv).unwrap();
    assert_eq!(choose(&csv), parquet);
}

#[test]
fn what_is_wrong_is_named_with_file_row_and_column() {
    let folder = Folder::new();
    let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let cases = [
        (folder.csv("a.csv", "a,x\n1,2\n"), "has no column `b`; its columns are: a, x"),
        (folder.csv("b.csv", "a,b\n# c\n1,2\n3,four\n"), "line 4, column `b`: \"four\" is not a finite number"),
        (folder.csv("c.csv", "a,b\n1,\n"), "line 2, column `b`: a missing value is not a finite number"),
        (folder.csv("d.csv", "a,b\n1,NaN\n"), "line 2, column `b`: \"NaN\" is not a finite number"),
        (folder.csv("e.csv", "a,b\n1,inf\n"), "column `b`: \"inf\" is not a finite number"),
        (folder.csv("f.csv", "a,b\n1,2\n1,2,3\n"), "line 3: it has 3 fields, the header 2"),
        (folder.csv("g.csv", "a,b\n"), "it has no rows"),
        (folder.csv("h.csv", ""), "it is empty"),
        (folder.csv("i.csv", "a,b,b\n1,2,3\n"), "it has two columns `b`"),
        (folder.csv("j.csv", "a,b\n1,\u{1b}[31m\n"), "\"\\u{1b}[31m\" is not"),
        (folder.csv("k.xls", "a,b\n1,2\n"), "must end in .csv, .txt, .dat, .json, .parquet or .pq"),
        (folder.csv("k.txt", "# by hand\na  b\n1 \t two\n"), "line 3, column `b`: \"two\" is not a finite number"),
        (folder.csv("k.dat", "a b\n1 2 3\n"), "line 2: it has 3 fields, the header 2"),
        (folder.csv("u.json", r#"[{"a": 1, "x": 2}]"#), "has no column `b`; its columns are: a, x"),
        (folder.csv("v.json", r#"[{"a": 1, "b": 2}, {"a": 1}]"#), "row 2, column `b`: a missing value"),
        (folder.csv("w.json", r#"{"a": [1], "b": ["2"]}"#), "row 1, column `b`: \"\\\"2\\\"\" is not a finite"),
        (folder.csv("x.json", r#"{"a": [1, 2], "b": [2]}"#), "its column `b` has 1 rows, `a` has 2"),
        (folder.csv("y.json", "[]"), "it is empty"),
        (folder.csv("z.json", r#"[{"a": 1, "b": NaN}]"#), "cannot read the table"),
        (folder.csv("l.parquet", "a,b\n1,2\n"), "cannot read the table"),
        (folder.path("missing.csv"), "No such file"),
        (folder.parquet("m.parquet", vec![("a", floats(&[1.0]))]), "has no column `b`; its columns are: a"),
        (folder.parquet("n.parquet", vec![("a", floats(&[1.0, 2.0])), ("b", null)]), "row 2, column `b`: a missing"),
        (folder.parquet("o.parquet", vec![("a", floats(&[1.0])), ("b", text)]), "`b` is of type Utf8"),
        (folder.parquet("p.parquet", vec![("a", floats(&[1.0])), ("b", floats(&[f64::NAN]))]), "NaN is not a finite"),
        (folder.parquet("q.parquet", vec![("a", floats(&[])), ("b", floats(&[]))]), "it has no rows"),
    ];
    for (path, words) in cases {
        let message = read_columns(&path, &["a", "b"]).expect_err(words).to_string();
        assert!(message.contains(words) && message.contains(&path.display().to_string()), "{message}");
    }
    fs::create_dir(folder.path("r.csv")).unwrap();
    assert!(read_columns(&folder.path("r.csv"), &["a"]).unwrap_err().to_string().contains("it is not a file"));
    fs::write(folder.path("s.csv"), [b'a', b'\n', 0xff, b'\n']).unwrap();
    let message = read_columns(&folder.path("s.csv"), &["a"]).unwrap_err().to_string();
    assert!(message.contains("line 2, column `a`: \"\u{fffd}\" is not a finite number"), "{message}");
    fs::write(folder.path("s.csv"), [0xff, b'\n', b'1', b'\n']).unwrap();
    assert!(read_columns(&folder.path("s.csv"), &["a"]).unwrap_err().to_string().contains("it is not UTF-8"));
    File::create(folder.path("t.csv")).unwrap().set_len(LARGEST_FILE + 1).unwrap();
    assert!(read_columns(&folder.path("t.csv"), &["a"]).unwrap_err().to_string().contains("larger than 64 MiB"));
}

#[test]
fn a_damaged_parquet_file_is_an_error() {
    let folder = Folder::new();
    let path = folder.parquet("t.parquet", vec![("a", floats(&[1.0, 2.0, 3.0]))]);
    let bytes = fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(7) {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(read_columns(&path, &["a"]).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn efficiencies_may_give_the_size_or_its_logarithm() {
    let folder = Folder::new();
    let plain = folder.csv("a.csv", "T_M,s,Q_pr\n300,1e-6,0.5\n400,1e-3,1.5\n");
    let logarithm = folder.csv("b.csv", "Q_pr,log10_s,T_M\n0.5,-6,300\n1.5,-3,400\n");
    let (rows, file) = qpr::read(&plain).unwrap();
    assert_eq!(rows, [(300.0, 1e-6, 0.5), (400.0, 1e-3, 1.5)]);
    assert_eq!(file.read, plain);
    for (row, same) in qpr::read(&logarithm).unwrap().0.iter().zip(&rows) {
        // 10^x of the platform is good to an ulp or two.
        assert!((row.1 / same.1 - 1.0).abs() < 1e-15 && (row.0, row.2) == (same.0, same.2));
    }
    let both = folder.csv("c.csv", "T_M,s,log10_s,Q_pr\n300,2e-6,-6,0.5\n");
    assert_eq!(qpr::read(&both).unwrap().0, [(300.0, 2e-6, 0.5)]);
    for (text, words) in [
        ("T_M,s,Q_pr\n300,0,1\n", "line 2: temperature 300 K and size 0 m must be positive"),
        ("T_M,s,Q_pr\n300,1,1\n-3,1,1\n", "line 3: temperature -3 K"),
        ("T_M,log10_s,Q_pr\n300,400,1\n", "size inf m"),
        ("T_M,Q_pr\n300,1\n", "no column `s`"),
    ] {
        assert!(qpr::read(&folder.csv("d.csv", text)).unwrap_err().to_string().contains(words), "{words}");
    }
}

#[test]
fn temperatures_are_sorted_and_the_first_of_equal_times_counts() {
    let folder = Folder::new();
    let path = folder.csv("t.csv", "day,T\n2,1500\n0,2000\n1,1800\n-0,1\n1,1\n");
    let ((times, temperatures), _) = temperature::read(&path, "day", "T").unwrap();
    assert_eq!((times, temperatures), (vec![0.0, 1.0, 2.0], vec![2000.0, 1800.0, 1500.0]));
    let single = folder.csv("u.csv", "day,T\n1,2\n1,3\n");
    assert!(temperature::read(&single, "day", "T").unwrap_err().to_string().contains("at least two rows"));
}

#[test]
fn shielding_takes_either_name_and_only_the_plain_slice() {
    let folder = Folder::new();
    let text = "tau,w0,g,Phi\n0,0,0,1\n0,0.5,0,0.9\n1,0,0,0.3\n1,0.5,0,0.2\n";
    let ((tau, phi), _) = phi::read(&folder.csv("a.csv", text), false).unwrap();
    assert_eq!((tau, phi), (vec![0.0, 1.0], vec![1.0, 0.3]));
    assert_eq!(phi::read(&folder.csv("b.csv", "tau,phi\n0,0.7\n"), false).unwrap().0, (vec![0.0], vec![0.7]));
    for (text, words) in [
        ("tau,phi\n0,1\n2,1\n2,1\n", "line 4: tau = 2 must be above the 2 before it"),
        ("tau,phi,w0\n0,1,0.5\n", "no row with w0 = 0"),
        ("tau,other\n0,1\n", "no column `phi`"),
    ] {
        assert!(phi::read(&folder.csv("c.csv", text), false).unwrap_err().to_string().contains(words), "{words}");
    }
}

#[test]
fn shielding_of_the_python_program_takes_the_smallest_albedo_and_asymmetry_where_none_is_zero() {
    let folder = Folder::new();
    let text = "tau,w0,g,Phi\n0,0.4,0.2,1\n0,0.2,0.7,0.9\n0,0.2,0.3,0.8\n1,0.4,0.2,0.5\n1,0.2,0.3,0.3\n";
    assert_eq!(phi::read(&folder.csv("d.csv", text), true).unwrap().0, (vec![0.0, 1.0], vec![0.8, 0.3]));
    let zero = "tau,w0,g,Phi\n0,0.4,0.2,1\n0,0,0.7,0.9\n0,0,0,0.8\n";
    assert_eq!(phi::read(&folder.csv("e.csv", zero), true).unwrap().0, (vec![0.0], vec![0.8]));
}

#[test]
fn eccentricities_are_sorted_by_a_radius_that_occurs_once() {
    let folder = Folder::new();
    let path = folder.csv("a.csv", "r_RM,e\n2,0.5\n1,0.1\n");
    assert_eq!(eccentricity::read(&path, "r_RM").unwrap().0, (vec![1.0, 2.0], vec![0.1, 0.5]));
    for (text, words) in [
        ("r_m,e\n1,0\n2,0\n1,0.1\n", "line 4: r_m = 1 occurs twice"),
        ("r_m,e\n0,0\n", "line 2: r_m = 0 must be positive"),
        ("r_RM,e\n1,0\n", "no column `r_m`"),
    ] {
        assert!(eccentricity::read(&folder.csv("b.csv", text), "r_m").unwrap_err().to_string().contains(words));
    }
}
