#include "cli/run_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kPrefixMin = 4;
constexpr std::uint32_t kPage = 500;
constexpr std::size_t kNamedMax = 3;

std::optional<RunNo> parse_number(const std::string& text) {
  RunNo number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

std::unexpected<Error> not_found(const std::string& name) {
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no run '{}'; 'dyna runs' lists them", printable(name)));
}

Result<RunRow> find_prefix(StoreReader& reader, const std::string& prefix) {
  std::vector<RunRow> found;
  RunFilter filter;
  filter.limit = kPage;
  for (;;) {
    TRY_ASSIGN(std::vector<RunRow> page, reader.list_runs(filter));
    for (RunRow& run : page) {
      filter.before = run.no;
      if (run.id.value.starts_with(prefix)) found.push_back(std::move(run));
    }
    if (page.size() < kPage || found.size() > kNamedMax) break;
  }
  if (found.empty()) return not_found(prefix);
  if (found.size() == 1) return std::move(found.front());
  std::string names;
  for (std::size_t i = 0; i < std::min(found.size(), kNamedMax); ++i) {
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", found[i].no, found[i].id.value);
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("several runs begin with '{}': {}{}; give more of it, or the number",
                          printable(prefix), names, found.size() > kNamedMax ? ", …" : ""));
}

}  // namespace

Result<RunRow> find_run(StoreReader& reader, const std::string& name) {
  if (name == "last") {
    RunFilter newest;
    newest.limit = 1;
    TRY_ASSIGN(std::vector<RunRow> runs, reader.list_runs(newest));
    if (runs.empty()) return fail(ErrorCode::kNotFound, "there are no runs yet");
    return std::move(runs.front());
  }
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (is_uuid(lower)) {
    auto run = reader.find_run(RunId{lower});
    if (run.has_value() || run.error().code != ErrorCode::kNotFound) return run;
    return not_found(name);
  }
  const auto number = parse_number(name);
  if (number.has_value()) {
    auto run = reader.find_run(*number);
    if (run.has_value() || run.error().code != ErrorCode::kNotFound) return run;
  }
  const bool is_front =
      lower.find_first_not_of("0123456789abcdef-") == std::string::npos && !lower.starts_with('-');
  const bool is_digits = lower.find_first_not_of("0123456789") == std::string::npos;
  if (!is_front || (is_digits && lower.size() < kPrefixMin)) return not_found(name);
  if (lower.size() < kPrefixMin) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is too short for the front of a run's id: at least {} characters",
                            printable(name), kPrefixMin));
  }
  return find_prefix(reader, lower);
}

}  // namespace cordyna::cli
