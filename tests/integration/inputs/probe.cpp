// A program with one PostgreSQL input, as a user of the library would write it; the tests build and
// call it.
//     probe run ID CONNECTION STATE OUTPUT [whole] [gaps] [slot] [create] [TABLE…]     each event
//     becomes a line of OUTPUT probe install ID CONNECTION [whole] [TABLE…] probe remove ID
//     CONNECTION
#include <cordyna/cordyna.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "write.hpp"

namespace {

using cordyna::Result;

Result<> run(const std::string& id, const cordyna::PostgresOptions& options,
             const std::string& state, const std::string& output) {
  auto input = cordyna::postgres_input(id, options);
  if (!input) return std::unexpected(input.error());
  return run_into_file(std::move(*input), state, output);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const std::size_t fixed = !words.empty() && words[0] == "run" ? 5 : 3;
  if (words.size() < fixed) return 2;
  cordyna::PostgresOptions options;
  options.connection = words[2];
  options.new_tables = std::chrono::milliseconds(20);
  for (std::size_t i = fixed; i < words.size(); ++i) {
    if (words[i] == "whole") {
      options.whole_rows = true;
    } else if (words[i] == "slot") {
      options.mode = cordyna::PostgresMode::kReplication;
    } else if (words[i] == "create") {
      options.operations = {cordyna::Operation::kCreate};
    } else if (words[i] == "gaps") {
      options.over_gaps = true;
    } else {
      options.tables.push_back(words[i]);
    }
  }
  Result<> done;
  if (words[0] == "run") {
    done = run(words[1], options, words[3], words[4]);
  } else if (words[0] == "install") {
    done = cordyna::install_postgres_input(words[1], options);
  } else {
    done = cordyna::remove_postgres_input(words[1], options.connection);
  }
  if (!done) std::cerr << to_string(done.error().code) << ": " << done.error().message << '\n';
  return done ? 0 : 1;
}
