/// Data tasks made ready to run, and their SQL for people.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "ports/launch.hpp"
#include "ports/secrets.hpp"
#include "ports/store.hpp"

namespace cordyna::data {

/// Reads the history of a dataset.
using PointSource = std::function<Result<std::vector<PointRow>>(const PointFilter&)>;

/// The Preparer of the data steps.
///
/// Renders the params, finds where the data of upstream tasks lies, and makes of it step.json and
/// the command `dyna data-step …/step.json`. Secrets are refused in params: step.json lies on the
/// disk. The keys of a secure step, which names them, go along in the environment (kKeyVariable).
class DataPreparer final : public Preparer {
 public:
  /// `dyna`: the absolute path of this program. Borrows the secrets. Without `points` every guard
  /// finds an empty history.
  DataPreparer(std::string dyna, const Secrets& secrets, PointSource points = {})
      : dyna_(std::move(dyna)), secrets_(secrets), points_(std::move(points)) {}

  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override;

 private:
  std::string dyna_;
  const Secrets& secrets_;
  PointSource points_;
};

/// The data family, in the order in which a flow usually has them.
[[nodiscard]] std::span<const std::string_view> data_types();

/// Whether the type is one of the data family, whose reports are to be believed.
[[nodiscard]] bool is_data_type(std::string_view type);

/// The SQL that the task would run, with the inputs' defaults; templates that need a run stay as
/// they are, and the data of upstream tasks is named <id>.parquet.
/// Errors: kInvalidArgument: no data task, or its params are wrong.
[[nodiscard]] Result<std::string> show_sql(const Flow& flow, TaskIndex task);

}  // namespace cordyna::data
