// A program with one Kafka input, as a user of the library would write it; the tests build and call
// it.
//     kafka_probe ID BROKERS TOPIC FORMAT STATE OUTPUT     each event becomes a line of OUTPUT
#include <cordyna/cordyna.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "write.hpp"

namespace {

using cordyna::Result;

Result<> run(const std::vector<std::string>& words) {
  cordyna::KafkaOptions options;
  options.brokers = words[1];
  options.topics = {words[2]};
  if (words[3] == "text") options.format = cordyna::KafkaFormat::kText;
  if (words[3] == "bytes") options.format = cordyna::KafkaFormat::kBytes;
  auto input = cordyna::kafka_input(words[0], options);
  if (!input) return std::unexpected(input.error());
  return run_into_file(std::move(*input), words[4], words[5]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 6) return 2;
  const Result<> done = run(words);
  if (!done) std::cerr << to_string(done.error().code) << ": " << done.error().message << '\n';
  return done ? 0 : 1;
}
