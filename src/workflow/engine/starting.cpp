#include "base/ids.hpp"
#include "json/parse.hpp"
#include "workflow/definition/reader.hpp"
#include "workflow/engine/body.hpp"

namespace oap::workflow {
namespace {

constexpr std::size_t kMostPlans = 64;

json::Object budget_json(const Budget& budget) {
  json::Object object;
  if (budget.tokens) {
    object["tokens"] = *budget.tokens;
  }
  if (budget.cost_usd) {
    object["cost_usd"] = *budget.cost_usd;
  }
  return object;
}

}  // namespace

std::shared_ptr<const Plan> Engine::Body::plan_of(std::shared_ptr<const Blueprint> blueprint) {
  if (const auto found = plans_.find(blueprint->hash()); found != plans_.end()) {
    return found->second;
  }
  if (plans_.size() >= kMostPlans) {
    plans_.clear();
  }
  const std::string hash = blueprint->hash();
  return plans_[hash] = Plan::of(std::move(blueprint));
}

Result<std::shared_ptr<const Plan>> Engine::Body::compile(const std::string& hash,
                                                          const std::string& text) {
  if (const auto found = plans_.find(hash); found != plans_.end()) {
    return found->second;
  }
  OAP_TRY(const json::Value value, json::parse(text, {.max_depth = 1'000, .max_bytes = 1U << 30U}));
  OAP_TRY(Definition definition, definition_from_json(value));
  std::vector<Problem> problems;
  auto blueprint = Blueprint::compile(std::move(definition), "", nullptr, problems);
  if (!blueprint) {
    return fail(Code::kDataLoss, "the definition that the run has pinned does not compile: {}",
                to_text(problems));
  }
  return plan_of(std::move(blueprint));
}

Result<Engine::Body::Prepared> Engine::Body::prepare(StartRequest request, json::Object more,
                                                     std::vector<Import> imports) {
  if (!request.blueprint) {
    return fail(Code::kInvalidArgument, "there is no workflow to start");
  }
  const std::shared_ptr<const Plan> plan = plan_of(request.blueprint);
  const Definition& definition = plan->blueprint().definition();
  Beginning beginning;
  OAP_TRY(beginning.inputs, accept_inputs(definition, request.inputs));
  const std::string id = request.run_id.empty() ? new_id("run_") : request.run_id;
  OAP_TRY(json::Array sealed, seal_inputs(definition.inputs, beginning.inputs, options_.seal, id));
  if (!sealed.empty()) {
    more["sealed"] = std::move(sealed);
  }
  Prepared prepared;
  prepared.run = std::make_shared<LiveRun>(
      *this, Identity{id, request.task_id, request.session_id, request.user}, plan,
      Machine::Options{.infrastructure_retries = options_.infrastructure_retries});
  LiveRun& run = *prepared.run;
  store::NewRun& fresh = prepared.fresh;
  fresh.definitions.push_back({plan->blueprint().hash(), plan->definition_text()});
  json::Object definitions;
  for (const auto& [name, blueprint] : request.subworkflows) {
    const auto& inner = run.subworkflows[name] = plan_of(blueprint);
    fresh.definitions.push_back({blueprint->hash(), inner->definition_text()});
    definitions[name] = blueprint->hash();
  }
  if (!definitions.empty()) {
    more["definitions"] = std::move(definitions);
  }
  std::optional<Millis> timeout = definition.timeout;
  if (request.timeout) {
    timeout = timeout ? std::min(*timeout, *request.timeout) : *request.timeout;
  }
  if (timeout) {
    more["timeout_ms"] = std::max<Millis::rep>(1, timeout->count());
  }
  more["user"] = request.user;
  beginning.imports = std::move(imports);
  store::RunRecord& record = fresh.run;
  record.id = id;
  record.workflow_id = definition.id;
  record.name = definition.name.empty() ? definition.id : definition.name;
  record.definition_hash = plan->blueprint().hash();
  record.task_id = request.task_id;
  record.session_id = request.session_id;
  record.user = request.user;
  record.parent_run = json::get_string(more, "parent_run");
  record.parent_step = json::get_string(more, "parent_step");
  record.forked_from = json::get_string(more, "forked_from");
  record.owner = owner_.text();
  record.created_at = now();
  record.started_at = record.created_at;
  beginning.more = std::move(more);
  run.machine.begin(std::move(beginning), record.created_at);
  if (definition.concurrency && !definition.concurrency->group.empty()) {
    RunScope scope(run.machine.state(), run.machine.identity(), run, kNoNode);
    OAP_TRY(const Rendered group, plan->blueprint().concurrency_group().render(scope));
    if (!group.data.is_string() || group.data.get_string().empty()) {
      return fail(Code::kInvalidArgument, "the workflow's concurrency group is no text");
    }
    run.group = json::view(group.data.get_string());
    run.gated = true;
    run.cancels_other = definition.concurrency->cancel_in_progress;
  } else {
    run.machine.advance(record.created_at);
  }
  prepared.out = run.machine.take();
  if (run.machine.broken()) {
    give_places_back(run, prepared.out.commands);
    return fail(*run.machine.broken());
  }
  fresh.events = std::move(prepared.out.events);
  fresh.blobs = std::move(prepared.out.blobs);
  record.state = run.gated ? RunState::kPending : RunState::kRunning;
  record.waits_for = run.gated ? fmt::format("its turn in the group '{}'", run.group) : "";
  if (prepared.out.change && !store::is_end(prepared.out.change->state)) {
    record.state = prepared.out.change->state;
    record.waits_for = prepared.out.change->waits_for;
    prepared.out.change.reset();
  }
  return prepared;
}

/// Makes a prepared run durable, then sets it going.
void Engine::Body::launch(Prepared prepared, std::function<void(Result<void>)> done) {
  const std::shared_ptr<LiveRun> run = prepared.run;
  const std::string id = run->machine.identity().run_id;
  if (live_.contains(id)) {
    give_places_back(*run, prepared.out.commands);
    offer_places();
    done(fail(Code::kAlreadyExists, "there is a run {} already", id));
    return;
  }
  live_[id] = run;
  run->in_flight = true;
  auto out = std::make_shared<Outbox>(std::move(prepared.out));
  for (const std::string& place : run->wanted) {
    wants_[place].push_back(id);
  }
  journal_->create(std::move(prepared.fresh), [weak = weak_from_this(), run, id, out,
                                               done](Result<store::TurnDone> made) {
    const auto body = weak.lock();
    if (!body || body->gone_) {
      return;
    }
    run->in_flight = false;
    if (!made) {
      run->gone = true;
      body->forget(*run);
      body->give_places_back(*run, out->commands);
      body->offer_places();
      done(fail(made.error()));
      return;
    }
    run->seq = made->seq;
    run->head = made->head;
    run->fresh_blobs.clear();
    done({});
    body->report(*run, out->touched);
    body->execute(run, std::move(out->commands));
    if (!out->change && out->orders.empty() && out->released_groups.empty()) {
      if (run->gated) {
        body->gate(run);
      }
      body->mark(run);
      return;
    }
    store::Turn turn;  // it has ended within its first turn
    turn.run_id = id;
    turn.epoch = run->epoch;
    turn.seq = run->seq;
    turn.head = run->head;
    turn.at = body->now();
    turn.change = out->change;
    turn.orders = out->orders;
    turn.memos = std::move(out->memos);
    run->orders = out->orders;
    run->in_flight = true;
    body->journal_->commit(std::move(turn), [weak, run](Result<store::TurnDone> written) {
      if (const auto alive = weak.lock(); alive && !alive->gone_) {
        alive->committed(run, std::move(written));
      }
    });
  });
}

namespace {

/// Whether no process that lives has the run.
bool is_left(store::RunRepository& runs, const std::string& id) {
  const auto record = runs.find(id);
  return record && (record->owner.empty() || !is_alive(record->owner));
}

}  // namespace

/// Another run has the group that this one waits for: it is cancelled, also where nobody executes
/// it, or named.
void Engine::Body::held_by(const std::shared_ptr<LiveRun>& run, const std::string& holder,
                           bool is_left) {
  const std::string& id = run->machine.identity().run_id;
  if (run->cancels_other) {
    run->cancels_other = false;
    run->cancelled = holder;
    tell_run(holder, cancel_body(fmt::format("run {} of the same group", id)));
  }
  if (run->cancelled == holder && is_left) {
    wake(holder);
  }
  std::string waits =
      fmt::format("its turn in the group '{}', which run {} has", run->group, holder);
  if (run->cancelled == holder) {
    waits += " until it has been cancelled";
  } else if (is_left) {
    waits += fmt::format("; no process executes that: 'oap workflow resume {}'", holder);
  }
  if (run->in_flight || waits == run->waits) {
    return;
  }
  run->waits = waits;
  store::Turn turn;
  turn.run_id = id;
  turn.epoch = run->epoch;
  turn.seq = run->seq;
  turn.head = run->head;
  turn.at = now();
  turn.change = store::RunChange{RunState::kPending, std::move(waits), nullptr, "", ""};
  run->in_flight = true;
  journal_->commit(std::move(turn), [weak = weak_from_this(), run](Result<store::TurnDone> done) {
    if (const auto body = weak.lock(); body && !body->gone_) {
      body->committed(run, std::move(done));
    }
  });
}

/// Waits for the whole run's concurrency group.
void Engine::Body::gate(const std::shared_ptr<LiveRun>& run) {
  const std::string id = run->machine.identity().run_id;
  journal_->call(
      [weak = weak_from_this(), run, id](store::RunRepository& runs) -> JournalThread::Answer {
        const auto holder = runs.take_group(run->group, id, "");
        const bool mine = holder && holder->run_id == id;
        const std::string other = holder && !mine ? holder->run_id : "";
        const bool left = !other.empty() && is_left(runs, other);
        return [weak, run, id, mine, other, left] {
          const auto body = weak.lock();
          if (!body || body->gone_ || run->gone) {
            return;
          }
          if (mine) {
            run->gated = false;
            body->mark(run);
            return;
          }
          if (!other.empty()) {
            body->held_by(run, other, left);
          }
          constexpr Millis kAgain{100};
          body->due_.push({body->clock_.steady() + kAgain, id, kNoNode, kGate, 0});
          body->wake_.notify();
        };
      });
}

void Engine::Body::start_child(const std::shared_ptr<LiveRun>& run, StartChild what) {
  const Node& node = run->machine.state().node(what.node);
  const bool wanted = node.state == StepState::kRunning && node.waits == Waits::kChild &&
                      node.more().subject == what.run_id;
  if (!wanted || closing_) {
    return;  // whoever takes the run up asks for it again
  }
  if (what.again) {
    find_child(run, std::move(what));
  } else {
    begin_child(run, std::move(what));
  }
}

/// The child that a former owner began, if it came to that.
void Engine::Body::find_child(const std::shared_ptr<LiveRun>& run, StartChild what) {
  ++run->children_coming;
  journal_->call([weak = weak_from_this(), run, what = std::move(what)](
                     store::RunRepository& runs) mutable -> JournalThread::Answer {
    auto found = runs.find(what.run_id);
    return [weak, run, what = std::move(what), found = std::move(found)]() mutable {
      const auto body = weak.lock();
      if (!body || body->gone_ || body->closing_ || run->gone) {
        return;
      }
      --run->children_coming;
      body->mark(run);
      if (found) {
        body->wake(what.run_id);
      } else if (found.error().code() != Code::kNotFound) {
        body->let_go(run, found.error());
      } else if (run->machine.stops(what.node)) {
        body->refuse_child(run, what.node, Error(Code::kCancelled, "it had not begun"));
      } else if (what.problem) {
        body->refuse_child(run, what.node, *what.problem);
      } else {
        body->begin_child(run, std::move(what));
      }
    };
  });
}

void Engine::Body::refuse_child(const std::shared_ptr<LiveRun>& run, NodeId node,
                                const Error& error) {
  run->happened.push_back(
      [node, error](Machine& machine, WallTime at) { machine.child_refused(node, error, at); });
  mark(run);
}

void Engine::Body::begin_child(const std::shared_ptr<LiveRun>& run, StartChild what) {
  const auto plan = run->subworkflows.find(what.workflow);
  if (plan == run->subworkflows.end()) {
    const std::string text = fmt::format("no workflow '{}' was given to the run", what.workflow);
    refuse_child(run, what.node, Error(Code::kNotFound, text));
    return;
  }
  const json::Object& inputs = plan->second->blueprint().definition().inputs;
  for (const std::string& name : run->machine.state().step_of(what.node).secret_inputs) {
    const json::Value* const schema = json::find(inputs, name);
    if (schema != nullptr && !is_secret_input(*schema)) {
      const std::string text =
          fmt::format("the input '{}' of '{}' is given a secret and is not declared secret", name,
                      what.workflow);
      refuse_child(run, what.node, Error(Code::kInvalidArgument, text));
      return;
    }
  }
  const Identity& identity = run->machine.identity();
  StartRequest request;
  request.blueprint = plan->second->shared_blueprint();
  for (const auto& [name, each] : run->subworkflows) {
    request.subworkflows[name] = each->shared_blueprint();
  }
  request.inputs = std::move(what.inputs);
  request.run_id = what.run_id;
  request.task_id = identity.task_id;
  request.session_id = identity.session_id;
  request.user = identity.user;
  request.timeout = what.timeout;
  json::Object more{{"parent_run", identity.run_id}, {"parent_step", what.path}};
  if (what.budget.tokens || what.budget.cost_usd) {
    more["budget"] = budget_json(what.budget);
  }
  auto prepared = prepare(std::move(request), std::move(more), {});
  if (!prepared) {
    refuse_child(run, what.node, prepared.error());
    return;
  }
  ++run->children_coming;
  launch(*std::move(prepared),
         [this, run, node = what.node, id = what.run_id](const Result<void>& done) {
           --run->children_coming;
           mark(run);
           if (!done && done.error().code() == Code::kAlreadyExists) {
             wake(id);
           } else if (!done) {
             refuse_child(run, node, done.error());
           }
         });
}

}  // namespace oap::workflow
