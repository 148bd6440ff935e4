/// What ends a wait early.
#pragma once

namespace cordyna {

class Wake {
 public:
  Wake() = default;
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  virtual ~Wake() = default;

  /// Whether it is time to end. Threads: the one that waits.
  [[nodiscard]] virtual bool asked_to_end() const = 0;
  /// Readable when it is, so that poll ends; -1: none.
  [[nodiscard]] virtual int descriptor() const = 0;
};

}  // namespace cordyna
