// dyna guard: the history of datasets, as guards see it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/guard_plot.hpp"
#include "guard/backtest.hpp"

namespace cordyna::cli {
namespace {

constexpr std::string_view kRows = "rows";

Result<std::vector<guard::Point>> read_series(StoreReader& reader, const std::string& series,
                                              std::uint32_t limit) {
  PointFilter filter;
  filter.series = series;
  filter.limit = limit;
  TRY_ASSIGN(const std::vector<PointRow> rows, reader.list_points(filter));
  if (!rows.empty()) return guard::parse_points(rows);
  TRY_ASSIGN(const std::vector<SeriesInfo> known, reader.list_series());
  std::string names;
  for (const SeriesInfo& one : known) names += (names.empty() ? "" : ", ") + one.series;
  return fail(ErrorCode::kNotFound, fmt::format("no guard has measured '{}' yet; {}", series,
                                                names.empty() ? "there is no history of any dataset"
                                                              : "there is a history of " + names));
}

// ---- show

CommandResult list_series(CommandContext& context, StoreReader& reader) {
  TRY_ASSIGN(const std::vector<SeriesInfo> all, reader.list_series());
  std::string out;
  if (context.arguments.json) {
    for (const SeriesInfo& one : all) {
      out += "{\"series\":";
      append_json(out, one.series);
      fmt::format_to(std::back_inserter(out), ",\"points\":{},\"last_at\":\"{}\"}}\n", one.points,
                     format_timestamp(one.last_at));
    }
  } else if (all.empty()) {
    out = "no guard has measured anything yet: one stands before every share\n";
  } else {
    std::size_t width = 7;
    for (const SeriesInfo& one : all) width = std::max(width, display_width(one.series));
    out = fmt::format("{}  {:>6}  {}\n", pad("DATASET", width), "POINTS", "LAST");
    for (const SeriesInfo& one : all) {
      out += fmt::format("{}  {:>6}  {}\n", pad(printable(one.series), width), one.points,
                         format_timestamp(one.last_at));
    }
  }
  context.output.write(out);
  return ExitCode::kOk;
}

std::vector<PlotPoint> plot_points(const std::vector<guard::Point>& newest_first,
                                   const std::string& metric) {
  std::vector<PlotPoint> out;
  guard::Policy policy;
  if (metric == kRows) policy.watch = guard::usual_watch({});
  for (std::size_t i = newest_first.size(); i-- > 0;) {
    const guard::Point& point = newest_first[i];
    const auto value = point.metrics.find(metric);
    if (value == point.metrics.end()) continue;
    PlotPoint drawn{point.at, value->second, point.verdict, {}};
    const std::vector<guard::Point> before(
        newest_first.begin() + static_cast<std::ptrdiff_t>(i) + 1, newest_first.end());
    const guard::Judgement judgement = guard::judge(point, before, policy, "");
    if (!judgement.findings.empty()) drawn.low = judgement.findings.front().low;
    out.push_back(drawn);
  }
  return out;
}

void append_point_json(std::string& out, const guard::Point& point) {
  fmt::format_to(std::back_inserter(out),
                 "{{\"at\":\"{}\",\"run\":{},\"verdict\":\"{}\",\"facts\":",
                 format_timestamp(point.at), point.run, to_string(point.verdict));
  out += guard::write_facts(point);
  out += "}\n";
}

std::string point_table(const std::vector<guard::Point>& points, const std::string& metric,
                        std::size_t limit, const Palette& palette) {
  std::string out = fmt::format("{}  {:>5}  {}  {:>14}  {}\n", pad("WHEN", 24), "RUN",
                                pad("VERDICT", 8), metric, "ALARMS");
  for (std::size_t i = 0; i < std::min(points.size(), limit); ++i) {
    const guard::Point& point = points[i];
    const auto value = point.metrics.find(metric);
    std::string alarms;
    for (const std::string& alarm : point.alarms) alarms += (alarms.empty() ? "" : ", ") + alarm;
    out += fmt::format("{}  {:>5}  {}  {:>14}  {}\n", format_timestamp(point.at), point.run,
                       palette.paint(colour_of(point.verdict), pad(to_string(point.verdict), 8)),
                       value == point.metrics.end() ? "" : guard::number_text(value->second),
                       printable(alarms));
  }
  return out;
}

CommandResult show(CommandContext& context, StoreReader& reader) {
  const Arguments& arguments = context.arguments;
  if (arguments.series.empty()) return list_series(context, reader);
  TRY_ASSIGN(const std::vector<guard::Point> points,
             read_series(reader, arguments.series, guard::kHistoryMax));
  std::string out;
  if (arguments.json) {
    for (const guard::Point& point : points) append_point_json(out, point);
    context.output.write(out);
    return ExitCode::kOk;
  }
  const std::string metric = arguments.metric.empty() ? std::string(kRows) : arguments.metric;
  const Palette palette(wants_colour(context.output));
  const std::vector<PlotPoint> drawn = plot_points(points, metric);
  if (drawn.empty()) {
    std::string known;
    for (const auto& [name, value] : points.front().metrics) {
      known += (known.empty() ? "" : ", ") + name;
    }
    return fail(ErrorCode::kNotFound, fmt::format("'{}' has no metric '{}'; there is {}",
                                                  arguments.series, metric, known));
  }
  out = fmt::format("{}: {} of {}\n\n", printable(arguments.series), metric,
                    counted(drawn.size(), "run"));
  out += plot(drawn, context.output.size().columns, palette);
  out += "  • as usual  ! warned  ✗ tripped  ✓ tripped and approved  · trips below\n\n";
  out += point_table(points, metric, arguments.limit, palette);
  context.output.write(out);
  return ExitCode::kOk;
}

// ---- accept

CommandResult accept(CommandContext& context, const StateLayout& layout) {
  auto store = context.parts.open_store(layout, nullptr);
  if (!store.has_value()) {
    if (store.error().code != ErrorCode::kConflict) return std::unexpected<Error>(store.error());
    return fail(ErrorCode::kConflict,
                "another dyna has runs going in this state; accept the level when they have ended");
  }
  const std::string& series = context.arguments.series;
  TRY_ASSIGN(const std::vector<guard::Point> points,
             read_series(**store, series, guard::kHistoryMax));
  TRY_ASSIGN(PointRow level, guard::accept_level(series, points));
  const std::string said = fmt::format("from run {} on ({}), {} has a new level\n", level.run,
                                       format_timestamp(level.at), printable(series));
  ChangeSet changes;
  changes.points.push_back(std::move(level));
  TRY((*store)->commit(changes));
  context.output.write(said);
  return ExitCode::kOk;
}

// ---- backtest

/// Lines "2026-11-21,1234"; a header is passed over.
Result<std::vector<guard::Point>> read_points(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(ErrorCode::kNotFound, fmt::format("cannot read '{}'", path));
  std::vector<guard::Point> points;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t comma = line.find(',');
    const auto at = parse_timestamp(std::string_view(line).substr(0, comma));
    char* end = nullptr;
    const char* const digits = comma == std::string::npos ? "" : line.c_str() + comma + 1;
    const double value = std::strtod(digits, &end);
    if (!at.has_value() || end == digits) {
      if (number == 1) continue;
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}:{}: '{}' is not a date and a number (2026-11-21,1234)", path,
                              number, printable(line.substr(0, 60))));
    }
    guard::Point point;
    point.at = *at;
    point.run = number;
    point.metrics[std::string(kRows)] = value;
    points.push_back(std::move(point));
  }
  std::ranges::stable_sort(points, {}, &guard::Point::at);
  return points;
}

void tell_backtest(const guard::BacktestResult& result, std::string& out) {
  out += fmt::format("{} judged: {} alarmed, {} of them tripped\n", counted(result.judged, "run"),
                     result.alarms.size(), result.tripped);
  for (const guard::Point& point : result.alarms) {
    out += fmt::format("  {} {}  {}\n", symbol_of(point.verdict), format_date(point.at),
                       guard::number_text(point.metrics.at(std::string(kRows))));
  }
  for (const guard::BacktestLoss& loss : result.losses) {
    const auto share = [&](std::size_t found) {
      return 100 * static_cast<double>(found) /
             static_cast<double>(std::max<std::size_t>(result.judged, 1));
    };
    out += fmt::format("a loss of {:g} %: warned of in {:.1f} % of the runs, tripped in {:.1f} %\n",
                       loss.percent, share(loss.warned), share(loss.tripped));
  }
}

std::string backtest_json(const guard::BacktestResult& result) {
  std::string out = fmt::format("{{\"judged\":{},\"alarms\":{},\"tripped\":{},\"dates\":[",
                                result.judged, result.alarms.size(), result.tripped);
  for (const guard::Point& point : result.alarms) {
    out +=
        fmt::format("{}\"{}\"", &point == result.alarms.data() ? "" : ",", format_date(point.at));
  }
  out += "],\"losses\":[";
  for (const guard::BacktestLoss& loss : result.losses) {
    out += fmt::format("{}{{\"percent\":{:g},\"warned\":{},\"tripped\":{}}}",
                       &loss == result.losses.data() ? "" : ",", loss.percent, loss.warned,
                       loss.tripped);
  }
  return out + "]}\n";
}

CommandResult backtest(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  std::vector<guard::Point> points;
  if (::access(arguments.series.c_str(), R_OK) == 0) {
    TRY_ASSIGN(points, read_points(arguments.series));
  } else {
    TRY_ASSIGN(const StateLayout layout, state_here(context));
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    TRY_ASSIGN(points, read_series(*reader, arguments.series, 10'000));
    std::ranges::reverse(points);
  }
  guard::BacktestSettings settings;
  settings.policy.watch = guard::usual_watch({});
  if (arguments.drop > 0) settings.policy.watch[0].drop = arguments.drop;
  settings.skip = arguments.skip;
  settings.losses = arguments.losses;
  const guard::BacktestResult result = guard::backtest(points, settings);
  std::string out;
  if (arguments.json) {
    out = backtest_json(result);
  } else {
    tell_backtest(result, out);
  }
  context.output.write(out);
  return ExitCode::kOk;
}

}  // namespace

CommandResult guard_command(CommandContext& context) {
  if (context.arguments.action == "backtest") return backtest(context);
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  if (context.arguments.action == "accept") return accept(context, layout);
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
  return show(context, *reader);
}

}  // namespace cordyna::cli
