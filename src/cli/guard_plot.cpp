#include "cli/guard_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/text.hpp"
#include "guard/judge.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kHeight = 10;
constexpr std::size_t kColumnsMax = 120;
constexpr std::string_view kLow = "·";

struct Scale {
  double bottom = 0;
  double top = 1;

  [[nodiscard]] std::size_t row(double value) const {  // 0 is the lowest
    const double share = (value - bottom) / (top - bottom);
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(kHeight - 1)));
  }
  [[nodiscard]] double value(std::size_t row) const {
    return bottom + (top - bottom) * static_cast<double>(row) / static_cast<double>(kHeight - 1);
  }
};

Scale scale_of(std::span<const PlotPoint> points) {
  Scale scale{points[0].value, points[0].value};
  for (const PlotPoint& point : points) {
    scale.bottom = std::min({scale.bottom, point.value, point.low.value_or(point.value)});
    scale.top = std::max({scale.top, point.value, point.low.value_or(point.value)});
  }
  if (scale.top == scale.bottom) {
    scale.bottom -= 1;
    scale.top += 1;
  }
  return scale;
}

std::string cell(const PlotPoint& point, const Scale& scale, std::size_t row,
                 const Palette& palette) {
  if (scale.row(point.value) == row) {
    return palette.paint(colour_of(point.verdict), symbol_of(point.verdict));
  }
  const bool low = point.low.has_value() && scale.row(*point.low) == row;
  return low ? palette.paint(Colour::kDim, kLow) : " ";
}

}  // namespace

std::string_view symbol_of(PointVerdict verdict) {
  switch (verdict) {
    case PointVerdict::kOk: return "•";
    case PointVerdict::kWarn: return "!";
    case PointVerdict::kTrip: return "✗";
    case PointVerdict::kApproved: return "✓";
    case PointVerdict::kLevel: return "│";
  }
  return " ";
}

Colour colour_of(PointVerdict verdict) {
  switch (verdict) {
    case PointVerdict::kOk: return Colour::kGreen;
    case PointVerdict::kWarn: return Colour::kYellow;
    case PointVerdict::kTrip: return Colour::kRed;
    case PointVerdict::kApproved: return Colour::kBlue;
    case PointVerdict::kLevel: return Colour::kNone;
  }
  return Colour::kNone;
}

std::string plot(const std::vector<PlotPoint>& all, std::size_t columns, const Palette& palette) {
  if (all.empty()) return {};
  std::size_t label = 0;
  const Scale whole = scale_of(all);
  for (std::size_t row = 0; row < kHeight; ++row) {
    label = std::max(label, guard::number_text(std::round(whole.value(row))).size());
  }
  const std::size_t room = std::min(columns > label + 4 ? columns - label - 4 : 1, kColumnsMax);
  const std::span<const PlotPoint> points =
      std::span(all).subspan(all.size() > room ? all.size() - room : 0);
  const Scale scale = scale_of(points);
  std::string out;
  for (std::size_t row = kHeight; row-- > 0;) {
    const bool labelled = row % 3 == 0;
    const std::string text = labelled ? guard::number_text(std::round(scale.value(row))) : "";
    out += fmt::format("{:>{}} {} ", text, label, labelled ? "┤" : "│");
    for (const PlotPoint& point : points) out += cell(point, scale, row, palette);
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  out += std::string(label + 1, ' ') + "└─";
  for (std::size_t i = 0; i < points.size(); ++i) out += "─";
  const std::string first = format_date(points.front().at);
  const std::string last = format_date(points.back().at);
  out += '\n' + std::string(label + 3, ' ') + first;
  const std::size_t gap =
      points.size() > first.size() + last.size() ? points.size() - first.size() - last.size() : 1;
  if (points.size() > 1) out += std::string(gap, ' ') + last;
  return out + '\n';
}

}  // namespace cordyna::cli
