#include "cli/plan_view.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/text.hpp"
#include "cli/up_report.hpp"

namespace cordyna::cli {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + printable(name);
  return out;
}

void append_parts(std::string& out, std::string_view what, const PartChanges& changes) {
  std::string line;
  const auto append = [&line](std::string_view word, const std::vector<std::string>& names) {
    if (!names.empty())
      line += fmt::format("{}{} {}", line.empty() ? "" : "; ", word, joined(names));
  };
  append("added", changes.added);
  append("changed", changes.changed);
  append("removed", changes.removed);
  if (!line.empty()) out += fmt::format("  {}: {}\n", what, line);
}

std::string time_text(Millis at) {
  return at == 0 ? "never" : seconds_text(at);
}

void append_touched(std::string& out, const PlannedFlow& planned, const PlanDetail& detail) {
  for (const NextTime& time : detail.times) {
    out += fmt::format("  next time of '{}': {}", printable(time.trigger), time_text(time.after));
    if (planned.fate == FlowFate::kChanged) out += fmt::format(" (was {})", time_text(time.before));
    out += '\n';
  }
  for (const RunRow& run : detail.runs) {
    const bool current = run.flow_hash == planned.present->hash;
    out += fmt::format("  run {} ({}) stays on {}\n", run.no, to_string(run.state),
                       current ? fmt::format("version {}", planned.present->version)
                               : "the earlier version that it began with");
  }
  for (const BackfillNo no : detail.backfills) {
    out += fmt::format("  backfill {} stays on the version that it began with\n", no);
  }
}

void append_time(std::string& out, std::string_view key, Millis at) {
  out += at == 0 ? fmt::format(",\"{}\":null", key)
                 : fmt::format(",\"{}\":\"{}\"", key, seconds_text(at));
}

void append_detail(std::string& out, const PlanDetail& detail) {
  out += ',';
  append_diff(out, detail.diff);
  out += ",\"next\":[";
  for (const NextTime& time : detail.times) {
    out += &time == detail.times.data() ? "{\"trigger\":" : ",{\"trigger\":";
    append_json(out, time.trigger);
    append_time(out, "before", time.before);
    append_time(out, "after", time.after);
    out += '}';
  }
  out += "],\"runs\":[";
  for (const RunRow& run : detail.runs) {
    fmt::format_to(std::back_inserter(out), "{}{{\"run\":{},\"state\":\"{}\",\"hash\":\"{}\"}}",
                   &run == detail.runs.data() ? "" : ",", run.no, to_string(run.state),
                   run.flow_hash);
  }
  out += fmt::format("],\"backfills\":[{}]", fmt::join(detail.backfills, ","));
}

}  // namespace

std::string diff_as_text(const std::vector<std::string>& lines, const std::string& before,
                         const std::string& after, const Palette& palette) {
  if (lines.empty()) return {};
  std::string out = palette.paint(Colour::kBold, "--- " + printable(before)) + "\n" +
                    palette.paint(Colour::kBold, "+++ " + printable(after)) + "\n";
  for (const std::string& line : lines) {
    Colour colour = Colour::kNone;
    if (line.starts_with("@@")) colour = Colour::kBlue;
    if (line.starts_with('-')) colour = Colour::kRed;
    if (line.starts_with('+')) colour = Colour::kGreen;
    out += palette.paint(colour, printable(line)) + "\n";
  }
  return out;
}

std::string plan_as_text(const ApplyPlan& plan, const std::vector<PlanDetail>& details,
                         const Palette& palette) {
  std::string out;
  for (std::size_t i = 0; i < plan.flows.size(); ++i) {
    const PlannedFlow& planned = plan.flows[i];
    const PlanDetail& detail = details[i];
    out += line_of(planned) + "\n";
    if (planned.fate != FlowFate::kRemoved) {
      append_parts(out, "tasks", detail.diff.tasks);
      append_parts(out, "triggers", detail.diff.triggers);
      append_parts(out, "inputs", detail.diff.inputs);
    }
    if (!detail.old_folder.empty()) {
      out += fmt::format("  its folder was {}\n", printable(detail.old_folder));
    }
    append_touched(out, planned, detail);
    if (planned.fate == FlowFate::kChanged) {
      const std::string name = flow_name(planned.ns, planned.id);
      out += diff_as_text(detail.diff.lines,
                          fmt::format("{} version {}", name, planned.present->version),
                          fmt::format("{} version {}", name, planned.version), palette);
    }
  }
  return out + totals_of(plan) + "\n";
}

std::string plan_as_json(const ApplyPlan& plan, const std::vector<PlanDetail>& details) {
  std::string out = fmt::format("{{\"changes\":{},\"flows\":[", plan.changes_flows());
  for (std::size_t i = 0; i < plan.flows.size(); ++i) {
    out += i == 0 ? "{" : ",\n {";
    append_planned(out, plan.flows[i]);
    append_detail(out, details[i]);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace cordyna::cli
