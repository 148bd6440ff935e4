/// A view of lines that somebody else makes, and of no runs.
#pragma once

#include <string>
#include <string_view>

#include "cli/renderer.hpp"

namespace cordyna::cli {

class LineView final : public Renderer {
 public:
  void begin(const FollowedRun& /*run*/, std::string& /*out*/) override {}
  void update(const Update& /*update*/, std::string& /*out*/) override {}
  void output(const OutputLine& /*line*/, std::string& /*out*/) override {}
  void note(std::string_view text, std::string& out) override {
    out += text;
    out += '\n';
  }
  [[nodiscard]] bool wants_output() const override { return false; }
  void frame(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
  [[nodiscard]] Millis next_frame(Millis /*now*/) const override { return -1; }
  void summary(const RunSummary& /*summary*/, std::string& /*out*/) override {}
  void finish(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
};

}  // namespace cordyna::cli
