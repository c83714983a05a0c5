#pragma once

#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// What a list is asked for with, and where its answer has it.
struct ListNames {
  const char* method;
  const char* member;
};

inline ListNames names_of(ListKind kind) {
  switch (kind) {
    case ListKind::kTools:
      return {"tools/list", "tools"};
    case ListKind::kResources:
      return {"resources/list", "resources"};
    case ListKind::kTemplates:
      return {"resources/templates/list", "resourceTemplates"};
    case ListKind::kPrompts:
      return {"prompts/list", "prompts"};
  }
  return {"tools/list", "tools"};
}

}  // namespace oap::gateway
