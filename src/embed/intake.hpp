/// Where an input's events go: checked, completed, and kept by cerebro before `send` returns.
///
/// Threads: as EventSink says.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/input.hpp"
#include "embed/reporter.hpp"
#include "embed/room.hpp"
#include "ports/clock.hpp"

namespace cordyna::embed {

/// What an input remembers, as the state has it.
struct InputLeft {
  std::string position;
  std::map<std::string, std::string, std::less<>> marks;  ///< name → text
};

class Intake final : public EventSink {
 public:
  /// Borrows all but `left`.
  Intake(const Input& input, InputLeft left, Cerebro& cerebro, Room& room, const Clock& clock,
         Reporter& reporter, std::stop_token stop);

  using EventSink::send;
  [[nodiscard]] Result<> send(std::span<const Event> events, std::string position) override {
    return send_with(events, std::move(position), {});
  }
  [[nodiscard]] std::string position() const override { return left_.position; }
  [[nodiscard]] Result<> send_with(std::span<const Event> events, std::string position,
                                   std::span<const Mark> marks) override;
  [[nodiscard]] Result<std::vector<Mark>> marks(std::string_view after,
                                                std::size_t limit) const override;
  void tell(const std::string& problem) override;

  /// How often something was kept. Threads: any.
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(); }

 private:
  [[nodiscard]] Result<EventRequest> request_of(const Event& event) const;
  [[nodiscard]] bool is_wanted(const Event& event) const;
  [[nodiscard]] Result<> check_memory(std::string_view position, std::span<const Mark> marks) const;
  [[nodiscard]] Result<> keep(const IntakeRequest& request);

  const Input& input_;
  InputLeft left_;
  Cerebro& cerebro_;
  Room& room_;
  const Clock& clock_;
  Reporter& reporter_;
  std::stop_token stop_;
  std::atomic<std::uint64_t> sent_ = 0;
};

}  // namespace cordyna::embed
