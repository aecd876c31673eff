//! `run`: one variant of one sample, recorded.

use std::path::PathBuf;

use peerscope::{Builder, Test};
use peerscope_samples::registry::{self, Sample, Variant};

/// What to run.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) name: String,
    /// The sample's first one if none is named.
    pub(crate) variant: Option<String>,
    pub(crate) seed: u64,
    pub(crate) output: Option<PathBuf>,
}

/// Runs the sample in this process. That its own tester is not content is what a buggy sample is for, and no error here.
pub(crate) fn run(request: &Request) -> Result<(), String> {
    let (sample, variant) = choose(request)?;
    start_recorder(request, sample, variant)?;

    let test = Test::begin(sample.name);
    let verdict = (variant.run)(request.seed);
    test.end(verdict.as_ref().copied().map_err(String::as_str));
    let trace = peerscope::trace_path().unwrap_or_default();
    match verdict {
        Ok(()) => println!("{} ({}): its own tester is content", sample.name, variant.name),
        Err(reason) => println!("{} ({}): its own tester says: {reason}", sample.name, variant.name),
    }
    println!("trace: {}", trace.display());
    Ok(())
}

fn choose(request: &Request) -> Result<(&'static Sample, &'static Variant), String> {
    let sample = registry::find(&request.name)
        .ok_or_else(|| format!("there is no sample {:?}; see `peerscope-samples list`", request.name))?;
    let variant = match &request.variant {
        None => &sample.variants[0],
        Some(name) => sample.variant(name).ok_or_else(|| {
            let names: Vec<_> = sample.variants.iter().map(|variant| variant.name).collect();
            format!("{} has no variant {name:?}; it has {}", sample.name, names.join(", "))
        })?,
    };
    Ok((sample, variant))
}

/// Records where the command line says; else where the environment says; else into the working directory.
fn start_recorder(request: &Request, sample: &Sample, variant: &Variant) -> Result<(), String> {
    let path = match &request.output {
        Some(path) => path.clone(),
        None if std::env::var_os(peerscope::TRACE_VARIABLE).is_some() && peerscope::is_recording() => {
            peerscope::meta("sample", sample.name);
            peerscope::meta("variant", variant.name);
            peerscope::meta("seed", request.seed);
            return Ok(());
        }
        None => PathBuf::from(format!("{}.{}.pscope", sample.name, variant.name)),
    };
    let builder = Builder::new(path).meta("sample", sample.name).meta("variant", variant.name);
    builder.meta("seed", request.seed).start().map_err(|error| error.to_string())
}
