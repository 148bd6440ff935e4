// One JSON object a line, for programs.
#include "base/text.hpp"
#include "cli/renderer.hpp"
#include "cli/summary.hpp"

namespace cordyna::cli {
namespace {

class JsonView final : public Renderer {
 public:
  void begin(const FollowedRun& /*run*/, std::string& /*out*/) override {}

  void update(const Update& update, std::string& out) override {
    append_json(out, update);
    out += '\n';
  }

  void output(const OutputLine& line, std::string& out) override {
    append_json(out, line);
    out += '\n';
  }

  void note(std::string_view text, std::string& out) override {
    out += "{\"note\":";
    append_json(out, text);
    out += "}\n";
  }

  void frame(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
  [[nodiscard]] Millis next_frame(Millis /*now*/) const override { return -1; }

  void summary(const RunSummary& summary, std::string& out) override {
    out += summary_as_json(summary);
    out += '\n';
  }

  void finish(Millis /*now*/, TerminalSize /*size*/, std::string& /*out*/) override {}
};

}  // namespace

std::unique_ptr<Renderer> make_json_view() {
  return std::make_unique<JsonView>();
}

}  // namespace cordyna::cli
