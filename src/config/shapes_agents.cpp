#include "config/shape_sections.hpp"

namespace oap::config {
namespace {

using Names = Shape::Names;

Shape agent_shape(bool reviewer) {
  Shape may = object(
      "What the agent may do, in place of its row of the built-in role matrix.",
      {{"tools", list("The tools, by public name; what is not named is denied.",
                      text("A name, or the beginning of names with * at its end."))},
       {"write", list("The files it may write.", text("A glob, relative to the workspace."))},
       {"commands", choice("Which commands: none; skills: only npx skills add; look: none that "
                           "change files; all.",
                           {"none", "skills", "look", "all"})},
       {"delegate", boolean("Whether it may give tasks to others.")},
       {"network", boolean("Whether its commands may be programs for the network.")}});
  Shape shape = object(
      "An agent's settings.",
      {{"model", text("provider/model, e.g. anthropic/claude-sonnet-4-5.")},
       {"max_tokens", integer("Most tokens of one answer.", 1, 10'000'000)},
       {"temperature", number("Sampling temperature.", 0, 2)},
       {"system_prompt_file",
        text("A file that replaces the built-in prompt; relative to the workspace.").needs_trust()},
       {"retry_attempts", integer("How often a failed step is tried again.", 0, 100).by_default(3)},
       {"max_turns",
        integer("Most questions to the model in one go; no limit where absent.", 1, 1'000'000)},
       {"may", may.needs_trust()}});
  if (reviewer) {
    shape.fields.push_back(
        {"quality_threshold", number("Least quality score of a success.", 0, 1).by_default(0.8)});
  }
  return shape;
}

}  // namespace

Shape agents_shape() {
  Shape shape = object("The agents; further names are agents of one's own.",
                       {{"commander", agent_shape(false)},
                        {"planner", agent_shape(false)},
                        {"executor", agent_shape(false)},
                        {"reviewer", agent_shape(true)}});
  Shape own = agent_shape(false);
  own.fields.push_back({"description", text("What it is for; who may delegate to it reads it.")});
  own.fields.push_back({"prompt", text("Its prompt, in place of system_prompt_file.")});
  own.needs_trust();
  shape.element = std::make_shared<const Shape>(std::move(own));
  shape.names = Names::kName;
  shape.told_by = {"prompt", "system_prompt_file"};
  return shape;
}

Shape orchestration_shape() {
  constexpr double kMany = 1'000'000'000;
  return object(
      "How agents work together.",
      {{"missions",
        object(
            "What a mission may use up; 0 is no limit.",
            {{"max_iterations", integer("Continuations.", 0, 1'000'000).by_default(50)},
             {"no_progress",
              integer("Continuations in a row that change nothing, until it is paused.", 0, 1000)
                  .by_default(3)},
             {"max_turns",
              integer("Model requests within one continuation.", 0, 1'000'000).by_default(500)},
             {"max_tool_calls", integer("Tool calls.", 0, kMany).by_default(5000)},
             {"max_tokens", integer("Tokens, in and out.", 0, 1e15).by_default(5'000'000)},
             {"max_cost_usd", number("US dollars.", 0, 1'000'000)},
             {"max_time", number("Seconds at work.", 0, 31'536'000).by_default(28'800)},
             {"max_depth", integer("How deep delegation goes.", 0, 8).by_default(2)},
             {"max_parallel", integer("Delegated tasks at once.", 0, 64).by_default(4)},
             {"max_per_agent",
              integer("Delegated tasks of one agent at once.", 0, 64).by_default(2)},
             {"max_tasks", integer("Delegated tasks in all.", 0, 100'000).by_default(100)},
             {"countdown", number("Seconds before a continuation, where a person watches.", 0, 60)
                               .by_default(3)}})}});
}

Shape skills_shape() {
  return object(
      "Where skills (SKILL.md) come from.",
      {{"trusted_sources", list("Sources of which agents may add skills without being asked for.",
                                text("owner/repo, owner/* or a repository's URL."))},
       {"registries",
        list("What oap skills search searches: a JSON file, a folder of skills, or an "
             "https URL ({query} stands for the words).",
             text("A file, folder or URL."))},
       {"paths", list("Further folders of skills.", text("A folder."))},
       {"base_url", text("Where owner/repo is.").by_default("https://github.com")},
       {"listing_bytes",
        integer("Most bytes of the list of skills in a prompt.", 0, 1'000'000).by_default(8'000)}});
}

Shape context_shape() {
  return object("How long a conversation with a model may get.",
                {{"compact_at",
                  number("The share of the model's window at which it is shortened.", 0.05, 0.95)
                      .by_default(0.8)},
                 {"max_result",
                  bytes("The longest result that a model is shown whole.").by_default(49'152)}});
}

}  // namespace oap::config
