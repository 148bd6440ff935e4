/// Templates of the flow language: Jinja syntax, evaluated by minijinja behind a small C interface.
///
/// Names in a context: inputs, outputs, run, flow, task, vars, labels, error. Functions:
/// secret('X'), env('X'), files('X'), hash(...). Filters: Jinja's, and date, json, yaml, hash,
/// slug, duration, raw. Undefined names are errors. Bounds on size, work and recursion hold (an
/// endless loop ends in an error). A text without "{{", "{%" and "{#" is returned as it is, without
/// any evaluation. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::tmpl {

/// A name that a template reads: {"inputs", "county"}, {"outputs", "x", "files"}, {"secret", "X"},
/// {"env", "X"}; of files('x') just {"files"}; of secret(inputs.x) also {"secret", "inputs", "x"},
/// which is only right where that input is a name of a secret. Only the literal front of a path:
/// `outputs[inputs.n]` gives
/// {"outputs"}.
struct Reference {
  std::vector<std::string> path;
  std::size_t offset = 0;  ///< bytes into the text, of the expression it stands in
};

struct Problem {
  std::string message;     ///< what, and what would be right
  std::size_t offset = 0;  ///< bytes into the text
};

struct Analysis {
  std::vector<Reference> references;
  std::vector<Problem> problems;      ///< syntax errors, unknown filters or functions; empty: fine
  std::vector<std::size_t> raw_uses;  ///< where `| raw` stands
};

[[nodiscard]] bool has_template(std::string_view text);

/// Without a context: what can be known at validation.
[[nodiscard]] Analysis analyze(std::string_view text);

/// Finds secret values and environment variables while rendering at hand-out, and the hash of files
/// for the key of a cache.
struct Lookup {
  std::function<Result<std::string>(std::string_view)> secret;
  std::function<Result<std::string>(std::string_view)> env;
  std::function<Result<std::string>(std::string_view)> files{};
};

/// `context` is a JSON object. Errors: kInvalidArgument (template, undefined name); what `lookup`
/// returned for a secret.
[[nodiscard]] Result<std::string> render(std::string_view text, std::string_view context,
                                         const Lookup& lookup);

/// A JSON value with each string in it rendered. A string that is exactly one "{{ expression }}"
/// becomes the value of the expression with its type; any other becomes a string.
[[nodiscard]] Result<std::string> render_json(std::string_view json, std::string_view context,
                                              const Lookup& lookup);

/// The value of one expression as JSON (`inputs.n > 3`, without braces).
[[nodiscard]] Result<std::string> evaluate(std::string_view expression, std::string_view context,
                                           const Lookup& lookup);

/// A shell script whose values are bound to environment variables, so that they never become
/// program text.
struct BoundScript {
  std::string text;  ///< each {{ … }} became "${DYNA_V1}" and the like
  std::vector<std::pair<std::string, std::string>> env;  ///< DYNA_V1 → value
};

/// `analyze` of what is bound in a shell script: only the {{ … }} that the shell would see, and
/// none of the shell's own "${#x}".
[[nodiscard]] Analysis analyze_shell(std::string_view script);

/// Errors where a template stands in a shell script where it cannot be bound: a quoted heredoc, `{%
/// %}`, `{# #}` is removed. Inside single quotes it becomes '…'"$V"'…'; inside double quotes and
/// unquoted heredocs ${V}; elsewhere "${V}". `| raw` puts the text itself there. `context` empty:
/// only the check (values are not rendered).
[[nodiscard]] std::vector<Problem> check_shell(std::string_view script);
[[nodiscard]] Result<BoundScript> bind_shell(std::string_view script, std::string_view context,
                                             const Lookup& lookup);

/// `analyze` of what is bound in SQL: comments are left out; what cannot be bound is a problem.
[[nodiscard]] Analysis analyze_sql(std::string_view sql);

/// SQL with each {{ … }} as a bound value: '…' with quotes doubled for strings, numbers, booleans
/// and null as literals. Inside a quoted SQL string or identifier the value is put in with that
/// quote doubled.
[[nodiscard]] Result<std::string> bind_sql(std::string_view sql, std::string_view context,
                                           const Lookup& lookup);

/// Whose SQL it is: what quotes there, and how a value is asked for.
enum class SqlDialect : std::uint8_t { kPostgres, kSqlite, kDuckdb };

struct SqlStatement {
  std::string text;                 ///< without the ";" at its end
  std::size_t line = 1;             ///< of its first word in the whole
  std::vector<std::string> values;  ///< JSON; what $1 and up (SQLite: ?1 and up) ask for
};

/// SQL as statements, each {{ … }} a value beside the text; a string that holds some is one value
/// as a whole. DuckDB's values are literals, as by `bind_sql`. Within a quoted name a value is put
/// in with that quote doubled. `| raw` puts the text itself there. Errors: as `bind_sql`, and
/// placeholders of the author's own.
[[nodiscard]] Result<std::vector<SqlStatement>> bind_sql_values(std::string_view sql,
                                                                SqlDialect dialect,
                                                                std::string_view context,
                                                                const Lookup& lookup);

/// A URL with its values in it.
struct BoundUrl {
  std::string text;
  std::vector<Reference> host_from;  ///< what scheme, host and port were made of; empty: the text
};

/// Statements cannot stand in a URL.
[[nodiscard]] std::vector<Problem> check_url(std::string_view text);

/// Behind the host each value is percent-encoded, so that it ends no part of the address; `| raw`
/// puts it there as it is. Within the host a value has only characters of hosts; at the very
/// beginning it may be an address, or the front of one. Errors: also kInvalidArgument: a value that
/// cannot be where it stands.
[[nodiscard]] Result<BoundUrl> bind_url(std::string_view text, std::string_view context,
                                        const Lookup& lookup);

/// Whether the whole of `text` matches the regular expression: the syntax of Rust's `regex`, where
/// \d, \w and \s are of ASCII; neither look-around nor back-references, so time is linear in the
/// text. Both are UTF-8. Errors: kInvalidArgument, what is wrong with the expression.
[[nodiscard]] Result<bool> matches_whole(std::string_view pattern, std::string_view text);

/// The port, for the engine: secrets and environment give "***".
class TemplateEvaluator final : public Evaluator {
 public:
  [[nodiscard]] Result<std::string> render(std::string_view text,
                                           std::string_view context) const override;
  [[nodiscard]] Result<std::string> render_json(std::string_view json,
                                                std::string_view context) const override;
  [[nodiscard]] Result<bool> condition(std::string_view text,
                                       std::string_view context) const override;
};

}  // namespace cordyna::tmpl
