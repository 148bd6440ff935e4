/// The few colours of the terminal, or none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/states.hpp"

namespace cordyna::cli {

enum class Colour : std::uint8_t { kNone, kBold, kDim, kRed, kGreen, kYellow, kBlue };

class Palette {
 public:
  explicit Palette(bool on) : on_(on) {}

  [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;
  [[nodiscard]] bool on() const { return on_; }

 private:
  bool on_;
};

[[nodiscard]] Colour colour_of(TaskState state);
[[nodiscard]] Colour colour_of(RunState state);
/// One column: "✓", "✗", "●".
[[nodiscard]] std::string_view symbol_of(TaskState state);
[[nodiscard]] std::string_view symbol_of(RunState state);

}  // namespace cordyna::cli
