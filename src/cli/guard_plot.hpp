/// Draws the history of a metric as text.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "cli/palette.hpp"
#include "model/states.hpp"

namespace cordyna::cli {

struct PlotPoint {
  Millis at = 0;
  double value = 0;
  PointVerdict verdict = PointVerdict::kOk;
  std::optional<double> low;  ///< where it would have tripped
};

/// Lines with their ends; the oldest point stands left, and only as many as fit. Empty: no points.
[[nodiscard]] std::string plot(const std::vector<PlotPoint>& points, std::size_t columns,
                               const Palette& palette);

[[nodiscard]] std::string_view symbol_of(PointVerdict verdict);
[[nodiscard]] Colour colour_of(PointVerdict verdict);

}  // namespace cordyna::cli
