/// Where an input's events go: checked, completed, and kept by cerebro before `send` returns.
///
/// Threads: as EventSink says.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cordyna/input.hpp"
#include "embed/room.hpp"
#include "ports/clock.hpp"

namespace cordyna::embed {

class Intake final : public EventSink {
 public:
  /// Borrows all. `position`: as the state has it.
  Intake(const Input& input, std::string position, Cerebro& cerebro, Room& room, const Clock& clock,
         std::stop_token stop);

  using EventSink::send;
  [[nodiscard]] Result<> send(std::span<const Event> events, std::string position) override;
  [[nodiscard]] std::string position() const override { return position_; }

  /// How often something was kept. Threads: any.
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(); }

 private:
  [[nodiscard]] Result<EventRequest> request_of(const Event& event) const;
  [[nodiscard]] bool is_wanted(const Event& event) const;
  [[nodiscard]] Result<> keep(const IntakeRequest& request);

  const Input& input_;
  std::string position_;
  Cerebro& cerebro_;
  Room& room_;
  const Clock& clock_;
  std::stop_token stop_;
  std::atomic<std::uint64_t> sent_ = 0;
};

}  // namespace cordyna::embed
