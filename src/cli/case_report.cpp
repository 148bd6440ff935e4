#include "cli/case_report.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/impact_view.hpp"

namespace cordyna::cli {
namespace {

/// "file:12:5: message", its further lines moved in.
std::string finding_text(const std::string& file, const flowtest::Finding& found) {
  std::string out =
      fmt::format("{}:{}:{}: ", printable(file), found.place.line, found.place.column);
  std::string_view rest = found.message;
  while (true) {
    const std::size_t end = rest.find('\n');
    append_printable(out, rest.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += "\n    ";
    rest.remove_prefix(end + 1);
  }
}

void append_findings(std::string& out, const std::vector<flowtest::Finding>& findings) {
  out += '[';
  for (const flowtest::Finding& found : findings) {
    if (&found != &findings.front()) out += ',';
    fmt::format_to(std::back_inserter(out), R"({{"line":{},"column":{},"message":)",
                   found.place.line, found.place.column);
    append_json(out, found.message);
    out += '}';
  }
  out += ']';
}

}  // namespace

CaseReport::CaseReport(Output& output, bool json)
    : output_(output), json_(json), palette_(!json && wants_colour(output)) {}

void CaseReport::begin(const flow::CaseFile& file) {
  suites_.push_back({file.file, {}, {}});
  if (!file.good) return say_wrong(file);
  if (!json_) {
    output_.write(palette_.paint(Colour::kBold, printable(file.file)) + "\n");
    for (const flow::Diagnostic& found : file.diagnostics) {
      print_hint(printable(flow::format(found)));
    }
  }
  covered_.try_emplace(file.flow_file, *file.flow);
}

void CaseReport::say_wrong(const flow::CaseFile& file) {
  ++wrong_files_;
  std::string all;
  std::size_t errors = 0;
  for (const flow::Diagnostic& found : file.diagnostics) {
    all += (all.empty() ? "" : "\n") + flow::format(found);
    errors += found.severity == flow::Severity::kError ? 1 : 0;
  }
  suites_.back().error = all;
  if (json_) {
    std::string out = "{\"file\":";
    append_json(out, file.file);
    out += ",\"valid\":false,\"diagnostics\":[";
    for (const flow::Diagnostic& found : file.diagnostics) {
      if (&found != &file.diagnostics.front()) out += ',';
      append_diagnostic(out, found);
    }
    return output_.write(out + "]}\n");
  }
  for (const flow::Diagnostic& found : file.diagnostics) {
    print_hint(printable(flow::format(found)));
  }
  print_error(fmt::format("{}: {}", file.file, counted(errors, "error")));
}

void CaseReport::ended(const flow::CaseFile& file, const flow::FlowCase& test,
                       const flowtest::CaseResult& result, Millis took) {
  const bool passed = result.passed();
  ++(passed ? passed_ : failed_);
  if (result.ran) covered_.at(file.flow_file).add(result.end);
  std::string failure;
  for (const flowtest::Finding& found : result.findings) {
    failure += (failure.empty() ? "" : "\n") + finding_text(file.file, found);
  }
  suites_.back().cases.push_back({test.id, test.place.line, took, failure});
  if (json_) return print_json(file, test, result, took);
  std::string out = fmt::format(
      "  {} {} {}\n",
      passed ? palette_.paint(Colour::kGreen, "✓") : palette_.paint(Colour::kRed, "✗"),
      printable(test.id), palette_.paint(Colour::kDim, fmt::format("({})", format_delay(took))));
  for (const flowtest::Finding& found : result.findings) {
    out += "    " + finding_text(file.file, found) + "\n";
  }
  output_.write(out);
}

void CaseReport::print_json(const flow::CaseFile& file, const flow::FlowCase& test,
                            const flowtest::CaseResult& result, Millis took) {
  std::string out = "{\"file\":";
  append_json(out, file.file);
  out += ",\"flow\":";
  append_json(out, file.flow->id);
  out += ",\"test\":";
  append_json(out, test.id);
  fmt::format_to(std::back_inserter(out), R"(,"line":{},"passed":{},"took_ms":{},"state":)",
                 test.place.line, result.passed(), took);
  out += result.ran ? fmt::format("\"{}\"", to_string(result.end.run.state)) : "null";
  out += ",\"findings\":";
  append_findings(out, result.findings);
  output_.write(out + "}\n");
}

void CaseReport::borders(const FlowNetwork& network, const mesh::Impact& impact,
                         const std::vector<Border>& borders) {
  struct Shown {
    std::string name;
    std::string note;
    std::string failure;
  };
  std::vector<Shown> all;
  std::map<std::string, std::size_t> places;
  const auto shown = [&](const std::string& from, const std::string& to, const std::string& part,
                         const std::string& data) -> Shown& {
    std::string name = fmt::format("{} → {} {}{}", from, to, part, data.empty() ? "" : ": " + data);
    const auto [at, fresh] = places.try_emplace(name, all.size());
    if (fresh) all.push_back({std::move(name), {}, {}});
    return all[at->second];
  };
  for (const Border& border : borders) {
    const mesh::Edge& edge = border.edge;
    shown(edge.from, edge.to, edge.part, edge.data).note =
        border.untried.empty() ? counted(border.rows, "row") : "not tried: " + border.untried;
  }
  for (const mesh::Break& one : impact.breaks) {
    Shown& found = shown(one.from, one.flow, one.part, one.data);
    found.failure += (found.failure.empty() ? "" : "\n") + break_text(network, one);
  }
  if (all.empty()) return;
  suites_.push_back({"borders", {}, {}});
  if (!json_) output_.write(palette_.paint(Colour::kBold, "borders") + "\n");
  for (const Shown& one : all) {
    const bool good = one.failure.empty();
    const bool tried = good && !one.note.starts_with("not tried");
    if (!good) ++failed_;
    if (tried) ++passed_;
    suites_.back().cases.push_back({one.name, 0, 0, one.failure});
    if (json_) {
      std::string out = "{\"border\":";
      append_json(out, one.name);
      out += fmt::format(",\"passed\":{},\"tried\":{},\"note\":", good, tried || !good);
      append_json(out, good ? one.note : one.failure);
      output_.write(out + "}\n");
      continue;
    }
    const std::string mark = !good   ? palette_.paint(Colour::kRed, "✗")
                             : tried ? palette_.paint(Colour::kGreen, "✓")
                                     : palette_.paint(Colour::kDim, "–");
    output_.write(
        fmt::format("  {} {} {}\n", mark, printable(one.name),
                    palette_.paint(Colour::kDim, good ? "(" + printable(one.note) + ")" : "")));
  }
}

void CaseReport::list(const flow::CaseFile& file, const flow::FlowCase& test) {
  if (!json_) {
    return output_.write(
        fmt::format("{}:{}: {}\n", printable(file.file), test.place.line, printable(test.id)));
  }
  std::string out = "{\"file\":";
  append_json(out, file.file);
  fmt::format_to(std::back_inserter(out), ",\"line\":{},\"test\":", test.place.line);
  append_json(out, test.id);
  output_.write(out + "}\n");
}

void CaseReport::coverage() {
  wants_coverage_ = true;
  if (json_) return;  // a part of the sum
  std::string out;
  for (const auto& [file, covered] : covered_) {
    fmt::format_to(std::back_inserter(out), "coverage of {}: {} of {}\n", printable(file),
                   covered.reached(), covered.branches().size());
    for (const flowtest::Coverage::Branch& branch : covered.branches()) {
      if (branch.reached) continue;
      fmt::format_to(std::back_inserter(out), "  {}:{}: no test in which {}: {}\n", printable(file),
                     branch.line, printable(branch.task), printable(branch.what));
    }
  }
  output_.write(out);
}

std::string CaseReport::coverage_json() const {
  std::string out = "[";
  for (const auto& [file, covered] : covered_) {
    if (out.size() > 1) out += ',';
    out += "{\"file\":";
    append_json(out, file);
    fmt::format_to(std::back_inserter(out), R"(,"reached":{},"of":{},"branches":[)",
                   covered.reached(), covered.branches().size());
    for (const flowtest::Coverage::Branch& branch : covered.branches()) {
      if (&branch != &covered.branches().front()) out += ',';
      out += "{\"task\":";
      append_json(out, branch.task);
      out += ",\"what\":";
      append_json(out, branch.what);
      fmt::format_to(std::back_inserter(out), R"(,"line":{},"reached":{}}})", branch.line,
                     branch.reached);
    }
    out += "]}";
  }
  return out + "]";
}

void CaseReport::finish(bool interrupted) {
  if (json_) {
    std::string out = fmt::format(R"({{"summary":{{"passed":{},"failed":{},"wrong_files":{})",
                                  passed_, failed_, wrong_files_);
    if (wants_coverage_) out += ",\"coverage\":" + coverage_json();
    return output_.write(out + "}}\n");
  }
  std::string out = fmt::format("{} passed, {} failed", passed_, failed_);
  if (wrong_files_ > 0) out += ", " + counted(wrong_files_, "wrong file");
  if (interrupted) out += ", the rest was not run";
  const bool good = failed_ + wrong_files_ == 0 && !interrupted;
  output_.write(palette_.paint(good ? Colour::kGreen : Colour::kRed, out) + "\n");
}

}  // namespace cordyna::cli
