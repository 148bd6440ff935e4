// Knows CLI11, as arguments.cpp does.
#include "cli/arguments_mesh.hpp"

#include <CLI/CLI.hpp>

#include "cli/arguments_server.hpp"

namespace cordyna::cli {
namespace {

void add_state(CLI::App* command, Arguments& found) {
  command->add_option("--state", found.state, "The state folder")->type_name("DIR");
  add_server_option(command, found);
}

}  // namespace

void add_network_options(CLI::App* command, Arguments& found) {
  command
      ->add_option("--network", found.mesh.networks,
                   "Flows of other teams, beside those that are applied; may be repeated")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--base", found.mesh.base,
                   "How the flows of the path are now, where that is not what is applied: the "
                   "folder of another checkout")
      ->type_name("DIR");
  command
      ->add_option("--tasks", found.mesh.tasks,
                   "What a task server would declare, as 'cordyna declare' prints it; may be "
                   "repeated")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
}

void add_downstream(CLI::App* test, Arguments& found) {
  CLI::Option* const downstream = test->add_flag(
      "--downstream", found.mesh.downstream,
      "Also of all flows, of any team, that take something from these, with what these make now");
  add_network_options(test, found);
  test->get_option("--network")->needs(downstream);
  test->get_option("--base")->needs(downstream);
  test->get_option("--tasks")->needs(downstream);
  test->add_flag("--markdown", found.mesh.markdown, "What breaks, for a pull request")
      ->needs(downstream);
  test->add_option("--state", found.state, "The state folder with the flows of others")
      ->type_name("DIR")
      ->needs(downstream);
}

void add_mesh_commands(CLI::App& app, Arguments& found) {
  CLI::App* const impact = app.add_subcommand(
      "impact",
      "Say what a change of flows or tasks means for those that take something from them");
  impact->callback([&found] { found.verb = Verb::kImpact; });
  impact->add_option("path", found.files, "Files of flows, or folders that are gone through")
      ->type_name("PATH…");
  add_network_options(impact, found);
  impact->add_flag("--markdown", found.mesh.markdown, "For a pull request, with a diagram");
  impact->add_flag("--exit-code", found.exit_code, "End with 1 where something breaks");
  impact->add_flag("--json", found.json, "Print JSON, for programs");
  add_state(impact, found);
  impact->footer(
      "Runs nothing: 'dyna test --downstream' also tries what the change makes. What is wrong\n"
      "already is no break.");
  CLI::App* const datasets = app.add_subcommand(
      "datasets",
      "List data that flows make and read: whose it is, how fresh, and what it must be");
  datasets->callback([&found] { found.verb = Verb::kDatasets; });
  datasets->add_option("name", found.at.name, "One of them, whole: by its name or a part of that")
      ->type_name("NAME");
  datasets->add_option("--team", found.at.team, "Only what this team makes or reads")
      ->type_name("TEAM");
  datasets
      ->add_option("--network", found.mesh.networks,
                   "Flows beside those that are applied; may be repeated")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  datasets->add_flag("--json", found.json, "Print JSON, for programs");
  add_state(datasets, found);
}

}  // namespace cordyna::cli
