use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut sum = 0i64;
    for word in env::var("VALUES")?.split_whitespace() {
        sum += word.parse::<i64>()?;
    }
    fs::write(env::var("DYNA_OUTPUTS")?, format!("{{\"sum\": {sum}}}\n"))?;
    Ok(())
}
