#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow::testing {

inline StepDefinition tool(std::string id, std::vector<std::string> needs = {}) {
  StepDefinition step;
  step.id = std::move(id);
  step.needs = std::move(needs);
  ToolStep body;
  body.tool = "t";
  step.body = std::move(body);
  step.retry.initial = Millis(1);
  return step;
}

template <class Body>
StepDefinition step(std::string id, Body body, std::vector<std::string> needs = {}) {
  StepDefinition made = tool(std::move(id), std::move(needs));
  made.body = std::move(body);
  return made;
}

template <class... Step>
Steps steps(Step... each) {
  Steps list;
  (list.push_back(std::move(each)), ...);
  return list;
}

template <class... Step>
std::unique_ptr<Steps> block(Step... each) {
  return std::make_unique<Steps>(steps(std::move(each)...));
}

inline Definition definition(Steps steps) {
  Definition made;
  made.id = "w";
  made.name = "w";
  made.steps = std::move(steps);
  return made;
}

inline std::shared_ptr<const Blueprint> compiled(Definition definition) {
  std::vector<Problem> problems;
  auto blueprint = Blueprint::compile(std::move(definition), "w.yaml", nullptr, problems);
  EXPECT_TRUE(blueprint) << to_text(problems);
  return blueprint;
}
inline std::shared_ptr<const Blueprint> compiled(Steps steps) {
  return compiled(definition(std::move(steps)));
}

inline json::Value parsed(std::string_view text) { return json::parse(text).value(); }

}  // namespace oap::workflow::testing
