// The keys of a trigger of the type file.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "base/check.hpp"
#include "base/pattern.hpp"
#include "flow/trigger_reader.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kPatternsMax = 100;

}  // namespace

void TriggerReader::read_file_key(const KeySpec& spec, const Node& value, FileSpec& file) {
  if (spec.name == "folder") {
    file.folder = read_folder(spec, value);
  } else if (spec.name == "files") {
    file.files = patterns(spec, value);
  } else if (spec.name == "ignore") {
    file.ignore = patterns(spec, value);
  } else if (spec.name == "recursive") {
    file.recursive = reader_.boolean(value, spec.name).value_or(false);
  } else if (spec.name == "settle") {
    file.settle = reader_.duration(value, spec, spec.name).value_or(file.settle);
  } else if (spec.name == "archive") {
    file.archive = read_folder(spec, value);
  } else if (spec.name == "existing") {
    file.existing = reader_.boolean(value, spec.name).value_or(true);
  } else if (spec.name == "hash") {
    file.hash = reader_.boolean(value, spec.name).value_or(false);
  } else if (spec.name == "rescan") {
    file.rescan = reader_.duration(value, spec, spec.name).value_or(file.rescan);
  } else {
    CHECK(spec.name == "max_files");
    std::string json;
    if (!reader_.read(value, spec, spec.name, json)) return;
    std::from_chars(json.data(), json.data() + json.size(), file.max_files);
  }
}

std::string TriggerReader::read_folder(const KeySpec& spec, const Node& value) {
  std::string json;
  if (!reader_.read(value, spec, spec.name, json)) return {};
  const std::filesystem::path folder(value.text);
  if (value.text.contains('\0') || folder.lexically_normal() == "/") {
    reporter_.error(
        value, Code::kBadValue,
        fmt::format("'{}' wants the path of a folder, such as inbox or /data/inbox, not {}",
                    spec.name, quoted(value.text)));
  }
  return std::string(value.text);
}

std::vector<std::string> TriggerReader::patterns(const KeySpec& spec, const Node& value) {
  std::vector<std::string> found = texts(spec, value);
  if (found.size() > kPatternsMax) {
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'{}' has at most {} patterns", spec.name, kPatternsMax));
  }
  for (const std::string& one : found) {
    const std::string problem = pattern_problem(one);
    if (problem.empty()) continue;
    reporter_.error(value, Code::kBadValue,
                    fmt::format("'{}': the pattern {} {}", spec.name, quoted(one), problem));
  }
  return found;
}

void TriggerReader::check_file(const Node& node, const FileSpec& file) {
  const Node* archive = node.find("archive");
  if (archive == nullptr || file.archive.empty()) return;
  const auto plain = [this](const std::string& folder) {
    return (std::filesystem::path(flow_.folder) / folder / "").lexically_normal();
  };
  if (plain(file.archive) != plain(file.folder)) return;
  reporter_.error(*archive, Code::kBadValue,
                  "'archive' is the folder itself, in which each file would be found again");
}

}  // namespace cordyna::flow
