// `dyna contract import` and `dyna contract export`.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "flow/odcs.hpp"
#include "flow/text_file.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

struct Written {
  std::string name;
  std::string path;  ///< empty: it is printed
  std::string yaml;
};

/// "orders" of "contracts/orders.yaml".
std::string stem_of(const std::string& file) {
  return fs::path(file).stem().string();
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

/// Where each one goes. Errors: kInvalidArgument: they cannot all go there.
Result<std::vector<Written>> place(std::vector<flow::ContractText> contracts,
                                   const std::string& out) {
  std::vector<Written> placed;
  const bool several = contracts.size() > 1;
  if (several && out.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the schema has {} objects, each with a contract of its own: name a "
                            "folder with -o",
                            contracts.size()));
  }
  const bool folder = !out.empty() && (several || is_folder(out));
  for (flow::ContractText& contract : contracts) {
    std::string path = out;
    if (folder) {
      const bool safe =
          !contract.name.starts_with('.') && std::ranges::all_of(contract.name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_' || c == '-' || c == '.';
          });
      if (!safe) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("'{}' cannot be a file's name; name the file with -o",
                                printable(contract.name)));
      }
      path = fmt::format("{}{}{}.yaml", out, out.ends_with('/') ? "" : "/", contract.name);
    }
    const bool twice =
        !path.empty() && std::ranges::find(placed, path, &Written::path) != placed.end();
    if (twice) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the schema has two objects called '{}'", printable(contract.name)));
    }
    placed.push_back({std::move(contract.name), std::move(path), std::move(contract.yaml)});
  }
  return placed;
}

/// Whole or not at all.
Result<> write(const Written& file) {
  const fs::path path(file.path);
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  const std::string staged = file.path + ".new";
  {
    std::ofstream stream(staged, std::ios::binary | std::ios::trunc);
    stream << file.yaml;
    stream.close();
    if (stream.fail()) {
      fs::remove(staged, error);
      return fail(ErrorCode::kUnavailable, fmt::format("cannot write {}", file.path));
    }
  }
  fs::rename(staged, path, error);
  if (!error) return {};
  const std::string cause = error.message();
  fs::remove(staged, error);
  return fail(ErrorCode::kUnavailable, fmt::format("cannot write {}: {}", file.path, cause));
}

std::string as_json(const std::vector<Written>& written,
                    const std::vector<flow::Diagnostic>& diagnostics) {
  std::string out = "{\"contracts\":[";
  for (const Written& file : written) {
    if (&file != written.data()) out += ',';
    out += "{\"name\":";
    append_json(out, file.name);
    out += file.path.empty() ? ",\"text\":" : ",\"file\":";
    append_json(out, file.path.empty() ? file.yaml : file.path);
    out += '}';
  }
  out += "],\"diagnostics\":[";
  for (const flow::Diagnostic& found : diagnostics) {
    if (&found != diagnostics.data()) out += ',';
    append_diagnostic(out, found);
  }
  return out + "]}\n";
}

}  // namespace

CommandResult contract_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  const std::string& file = arguments.files.front();
  TRY_ASSIGN(const std::string text, flow::read_text_file(file, flow::kOdcsBytesMax));
  const bool import = arguments.verb == Verb::kContractImport;
  flow::OdcsResult result =
      import ? flow::import_odcs(text, file) : flow::export_odcs(text, file, stem_of(file));
  if (!arguments.json) {
    for (const flow::Diagnostic& found : result.diagnostics) {
      print_hint(printable(flow::format(found)));
    }
  }
  const bool lossy = arguments.strict && !result.diagnostics.empty();
  std::vector<Written> written;
  if (!lossy && !result.contracts.empty()) {
    TRY_ASSIGN(written, place(std::move(result.contracts), arguments.out));
  }
  for (const Written& one : written) {
    if (!one.path.empty()) TRY(write(one));
  }
  if (arguments.json) {
    context.output.write(as_json(written, result.diagnostics));
  } else {
    for (const Written& one : written) {
      context.output.write(
          one.path.empty()
              ? one.yaml
              : fmt::format("{}: contract '{}'\n", printable(one.path), printable(one.name)));
    }
  }
  if (!written.empty()) return ExitCode::kOk;
  if (!arguments.json) {
    print_error(fmt::format("{}: {}; nothing was written", file,
                            lossy ? "not all of it can be carried over" : "it has errors"));
  }
  return ExitCode::kUsage;
}

}  // namespace cordyna::cli
