#include "cli/palette.hpp"

namespace cordyna::cli {
namespace {

std::string_view sequence(Colour colour) {
  switch (colour) {
    case Colour::kNone: return "";
    case Colour::kBold: return "\x1b[1m";
    case Colour::kDim: return "\x1b[2m";
    case Colour::kRed: return "\x1b[31m";
    case Colour::kGreen: return "\x1b[32m";
    case Colour::kYellow: return "\x1b[33m";
    case Colour::kBlue: return "\x1b[34m";
  }
  return "";
}

}  // namespace

std::string Palette::paint(Colour colour, std::string_view text) const {
  if (!on_ || colour == Colour::kNone || text.empty()) return std::string(text);
  std::string out(sequence(colour));
  out += text;
  out += "\x1b[0m";
  return out;
}

Colour colour_of(TaskState state) {
  switch (state) {
    case TaskState::kPending: return Colour::kDim;
    case TaskState::kQueued:
    case TaskState::kStarted: return Colour::kBlue;
    case TaskState::kCompleted: return Colour::kGreen;
    case TaskState::kError: return Colour::kRed;
    case TaskState::kSkipped: return Colour::kDim;
    case TaskState::kBlocked:
    case TaskState::kCancelled: return Colour::kYellow;
  }
  return Colour::kNone;
}

Colour colour_of(RunState state) {
  switch (state) {
    case RunState::kPending:
    case RunState::kRunning: return Colour::kBlue;
    case RunState::kCompleted: return Colour::kGreen;
    case RunState::kError: return Colour::kRed;
    case RunState::kPaused:
    case RunState::kWarning:
    case RunState::kCancelled: return Colour::kYellow;
  }
  return Colour::kNone;
}

std::string_view symbol_of(TaskState state) {
  switch (state) {
    case TaskState::kPending: return "○";
    case TaskState::kQueued: return "◌";
    case TaskState::kStarted: return "●";
    case TaskState::kCompleted: return "✓";
    case TaskState::kError: return "✗";
    case TaskState::kSkipped: return "–";
    case TaskState::kBlocked: return "⊘";
    case TaskState::kCancelled: return "■";
  }
  return " ";
}

std::string_view symbol_of(RunState state) {
  switch (state) {
    case RunState::kPending: return "○";
    case RunState::kRunning: return "●";
    case RunState::kPaused: return "‖";
    case RunState::kCompleted: return "✓";
    case RunState::kWarning: return "!";
    case RunState::kError: return "✗";
    case RunState::kCancelled: return "■";
  }
  return " ";
}

}  // namespace cordyna::cli
