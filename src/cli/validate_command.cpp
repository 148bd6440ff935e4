#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "cli/commands.hpp"

namespace cordyna::cli {

void append_diagnostic(std::string& out, const flow::Diagnostic& found) {
  out += "{\"severity\":";
  out += found.severity == flow::Severity::kError ? "\"error\"" : "\"warning\"";
  out += ",\"file\":";
  append_json(out, found.file);
  fmt::format_to(std::back_inserter(out),
                 ",\"line\":{},\"column\":{},\"code\":\"{}\",\"message\":", found.line,
                 found.column, found.code);
  append_json(out, found.message);
  out += '}';
}

namespace {

void append_result(std::string& out, const std::string& file, const flow::Parsed& parsed) {
  out += "{\"file\":";
  append_json(out, file);
  out += parsed.flow != nullptr ? ",\"valid\":true,\"flow\":" : ",\"valid\":false";
  if (parsed.flow != nullptr) {
    append_json(out, parsed.flow->id);
    fmt::format_to(std::back_inserter(out), ",\"hash\":\"{}\",\"tasks\":{}", parsed.flow->hash,
                   parsed.flow->tasks.size());
  }
  out += ",\"diagnostics\":[";
  bool first = true;
  for (const flow::Diagnostic& found : parsed.diagnostics) {
    if (!first) out += ',';
    first = false;
    append_diagnostic(out, found);
  }
  out += "]}\n";
}

}  // namespace

CommandResult validate_command(CommandContext& context) {
  ExitCode code = ExitCode::kOk;
  std::optional<Error> unreadable;
  std::string out;
  for (const std::string& file : context.arguments.files) {
    auto parsed = context.arguments.json ? flow::parse_file(file, context.parts.plugin_types)
                                         : parse_and_report(context, file);
    if (!parsed.has_value()) {
      // The other files are checked all the same.
      if (unreadable.has_value()) print_error(unreadable->message);
      unreadable = parsed.error();
      continue;
    }
    if (parsed->flow == nullptr) code = ExitCode::kUsage;
    if (context.arguments.json) {
      append_result(out, file, *parsed);
    } else if (parsed->flow != nullptr) {
      fmt::format_to(std::back_inserter(out), "{}: flow '{}' is valid: {}\n", printable(file),
                     parsed->flow->id, counted(parsed->flow->tasks.size(), "task"));
    }
  }
  context.output.write(out);
  if (unreadable.has_value()) return std::unexpected<Error>(*unreadable);
  return code;
}

}  // namespace cordyna::cli
