#include "flowtest/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flowtest {
namespace {

/// Text for an attribute or between tags. XML has no way to write most control characters.
std::string escaped(std::string_view text) {
  const bool is_text = is_utf8(text);
  std::string out;
  for (const char c : text) {
    if (!is_text && static_cast<unsigned char>(c) >= 0x80) {
      out += '?';
      continue;
    }
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      case '\t': out += "&#9;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
  }
  return out;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string seconds(Millis took) {
  return fmt::format("{}.{:03}", took / 1000, took % 1000);
}

std::size_t failures_of(const JunitSuite& suite) {
  return static_cast<std::size_t>(std::ranges::count_if(
      suite.cases, [](const JunitCase& one) { return !one.failure.empty(); }));
}

Millis time_of(const JunitSuite& suite) {
  Millis took = 0;
  for (const JunitCase& one : suite.cases) took += one.took;
  return took;
}

void append_case(std::string& out, const JunitSuite& suite, const JunitCase& one) {
  fmt::format_to(std::back_inserter(out),
                 R"(    <testcase classname="{}" name="{}" file="{}" line="{}" time="{}")",
                 escaped(suite.name), escaped(one.name), escaped(suite.name), one.line,
                 seconds(one.took));
  if (one.failure.empty()) {
    out += "/>\n";
    return;
  }
  fmt::format_to(std::back_inserter(out),
                 ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                 escaped(first_line(one.failure)), escaped(one.failure));
}

}  // namespace

std::string junit_xml(const std::vector<JunitSuite>& suites) {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  Millis took = 0;
  std::string body;
  for (const JunitSuite& suite : suites) {
    const bool wrong = !suite.error.empty();
    const std::size_t count = suite.cases.size() + (wrong ? 1 : 0);
    tests += count;
    failures += failures_of(suite);
    errors += wrong ? 1 : 0;
    took += time_of(suite);
    fmt::format_to(
        std::back_inserter(body),
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\">\n",
        escaped(suite.name), count, failures_of(suite), wrong ? 1 : 0, seconds(time_of(suite)));
    for (const JunitCase& one : suite.cases) append_case(body, suite, one);
    if (wrong) {
      fmt::format_to(std::back_inserter(body),
                     "    <testcase classname=\"{0}\" name=\"the file\" time=\"0.000\">\n"
                     "      <error message=\"{1}\">{2}</error>\n    </testcase>\n",
                     escaped(suite.name), escaped(first_line(suite.error)), escaped(suite.error));
    }
    body += "  </testsuite>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" time=\"{}\">\n{}</testsuites>\n",
      tests, failures, errors, seconds(took), body);
}

}  // namespace cordyna::flowtest
