/// A flow file: YAML in, a checked `Flow` or all its errors out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "flow/file_bounds.hpp"
#include "model/backfill.hpp"
#include "model/flow.hpp"
#include "ports/plugin_types.hpp"

namespace cordyna::flow {

enum class Severity : std::uint8_t { kError, kWarning };

/// One finding. Lines and columns count from 1; columns count characters.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string code;     ///< stable: "unknown_key", "cycle", "undefined_name"; the table is
                        ///< flow/diagnostic_codes.hpp
  std::string message;  ///< what was found, and what would be right
};

/// "flow.yaml:12:5: error: unknown key 'ned' (unknown_key); did you mean 'needs'?"
[[nodiscard]] std::string format(const Diagnostic& diagnostic);

struct Parsed {
  std::string file;                  ///< as messages name it
  std::shared_ptr<const Flow> flow;  ///< null exactly when there is an error among the diagnostics
  std::string
      canonical;  ///< the canonical form (JSON); parsing it gives an equal flow with the same hash
  std::vector<Diagnostic> diagnostics;  ///< all of the file, in order of place
};

inline constexpr std::size_t kFlowBytesMax = std::size_t{16} << 20;

/// `text` as it would be in `file` (for messages) with relative paths from `folder` (absolute).
/// Opens no other file but contracts, connections and defaults.yaml. Never fails otherwise than by
/// diagnostics.
/// `types`: asked for what flows of plugins' types need; null: such flows have an error.
[[nodiscard]] Parsed parse(std::string_view text, std::string_view file, std::string_view folder,
                           const PluginTypes* types = nullptr);

/// Reads and parses a file, or the flow.yaml of a folder. Errors: kNotFound (missing),
/// kInvalidArgument (a folder without one, too large), kUnavailable (unreadable).
[[nodiscard]] Result<Parsed> parse_file(const std::string& path,
                                        const PluginTypes* types = nullptr);

/// The canonical form back to a flow: for runs that are resumed. Errors: kCorrupt.
[[nodiscard]] Result<std::shared_ptr<const Flow>> from_canonical(std::string_view canonical,
                                                                 std::string_view folder);

/// Name → text as on a command line.
using GivenInputs = std::vector<std::pair<std::string, std::string>>;

/// Where inputs come from.
struct InputPlaces {
  std::string flow_file;  ///< names the flow in messages about defaults; empty: they have no place
  std::string folder;     ///< relative paths among what is given are from here; empty: the flow's
  std::string_view option = "--input";  ///< how a missing one is given, for messages
  const FileBounds* bounds = nullptr;   ///< of files that are given; null: they may lie anywhere
  std::vector<std::string> own{};       ///< inputs that the flow itself gives: these have no bounds
};

/// The JSON object of a run's inputs: `given` checked against the flow's inputs, converted to their
/// types, defaults filled in. `run_context` serves defaults that name run.date. One that is given
/// twice is an error, but for lists: there all items count. Looks for the files that inputs name.
/// Errors: kInvalidArgument: unknown (with the nearest name), missing, of a wrong type, or beyond a
/// bound; all of them in one message.
[[nodiscard]] Result<std::string> resolve_inputs(const Flow& flow, const GivenInputs& given,
                                                 std::string_view run_context,
                                                 const InputPlaces& places = {});

/// Whether the inputs of a run, as resolve_inputs gives them, are as the tasks of task servers want
/// that get them as they are: null is what is not given. resolve_inputs has looked already. Errors:
/// kInvalidArgument, with places such as "#/inputs/tags/0".
[[nodiscard]] Result<> check_contracts(const Flow& flow, const std::string& inputs);

/// The inputs of a pause as those of a flow, for `resolve_inputs` and its like.
[[nodiscard]] Flow questions_of(const Flow& flow, TaskIndex task);

/// The inputs of a run that a trigger starts: what the trigger gives, its templates rendered over
/// `run_context` ({"run": …}), the others by default. `bounds`: of files that an event names.
/// Errors: as resolve_inputs, and templates that cannot be rendered.
[[nodiscard]] Result<std::string> trigger_inputs(const Flow& flow, const TriggerSpec& trigger,
                                                 std::string_view run_context,
                                                 const FileBounds* bounds = nullptr);

/// The inputs of a run that a task of another flow begins: a JSON object by name, null for what is
/// not given. Lists are for inputs of the types array and multiselect, any value for json. Errors:
/// as resolve_inputs.
[[nodiscard]] Result<std::string> subflow_inputs(const Flow& flow, const std::string& given,
                                                 std::string_view run_context,
                                                 const InputPlaces& places = {});

/// The trigger whose times a backfill goes by, or one without times for a backfill that goes by a
/// step: with the inputs that the backfill gives before those of the trigger. Their texts are
/// templates over `run`, as a trigger's are. Errors: kInvalidArgument: no such trigger, with those
/// that there are; kCorrupt: the inputs cannot be read.
[[nodiscard]] Result<TriggerSpec> backfill_trigger(const Flow& flow, const BackfillRow& backfill);
/// Whether the files that a backfill is given from afar lie where they may. Since its inputs are
/// templates over its times, a file must be named without one: nobody could say yet where each
/// leads. Errors: kInvalidArgument.
[[nodiscard]] Result<> check_backfill_files(const Flow& flow, const GivenInputs& given,
                                            const FileBounds& bounds);
/// As BackfillRow keeps them.
[[nodiscard]] std::string backfill_inputs(const GivenInputs& given);

inline constexpr std::size_t kInputsBytesMax = std::size_t{1} << 20;

/// A YAML map of names to values. Lists are for inputs of the types array, multiselect and json,
/// maps for json; `null` means that nothing is given. Paths are from the file's folder. Errors:
/// kInvalidArgument: all that is wrong, each with its line and column; kNotFound, kUnavailable.
[[nodiscard]] Result<GivenInputs> read_inputs_file(const Flow& flow, const std::string& path);

/// The JSON Schema (2020-12) of the language, from the tables that the parser uses.
[[nodiscard]] std::string json_schema();

/// A task type that is built in, for who lists them.
struct BuiltInType {
  std::string name;
  std::string description;
  std::string schema;  ///< JSON Schema of a task of the type
};
[[nodiscard]] std::vector<BuiltInType> built_in_types();

}  // namespace cordyna::flow
