/// A state folder for one test of a flow, which is removed with this: where its tasks run for real.
///
/// Threads: as Parts says of what it makes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/parts.hpp"
#include "flowtest/case_run.hpp"

namespace cordyna::cli {

class TemporarySide final : public flowtest::RealSide {
 public:
  /// Borrows the parts. Errors: kUnavailable: no folder can be made; those of the store.
  [[nodiscard]] static Result<std::unique_ptr<flowtest::RealSide>> open(const Parts& parts,
                                                                        const flow::FlowCase& test);
  ~TemporarySide() override;
  TemporarySide(const TemporarySide&) = delete;
  TemporarySide& operator=(const TemporarySide&) = delete;

  [[nodiscard]] Store& store() override { return *store_; }
  [[nodiscard]] Executor& process(ReportSink sink) override;
  [[nodiscard]] Result<std::string> write_rows(const std::string& name,
                                               const std::vector<std::string>& rows) override;
  [[nodiscard]] Result<std::vector<std::string>> read_rows(const std::string& data) override;

 private:
  TemporarySide(const Parts& parts, std::string folder)
      : parts_(parts), folder_(std::move(folder)), layout_(folder_ + "/state") {}

  const Parts& parts_;
  std::string folder_;
  StateLayout layout_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Executor> process_;
};

}  // namespace cordyna::cli
