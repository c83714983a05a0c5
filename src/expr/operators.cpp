#include "expr/operators.hpp"

#include <array>

#include "expr/library.hpp"

namespace oap::expr {

namespace {

// Evaluated by the evaluator itself: declared here for the checker.
constexpr std::array kTable = {
    Declaration{"_?_:_(bool, A, A): A", nullptr},
    Declaration{"_&&_(bool...): bool", nullptr},
    Declaration{"_||_(bool...): bool", nullptr},
    Declaration{"!_(bool): bool", nullptr},
    Declaration{"-_(int): int", nullptr},
    Declaration{"-_(double): double", nullptr},
    Declaration{"_==_(A, A): bool", nullptr},
    Declaration{"_!=_(A, A): bool", nullptr},
    Declaration{"@in(A, list<A>): bool", nullptr},
    Declaration{"@in(A, map<A, B>): bool", nullptr},
    Declaration{"_[_](list<A>, int): A", nullptr},
    Declaration{"_[_](map<A, B>, A): B", nullptr},
    Declaration{"_[_](optional<list<A>>, int): optional<A>", nullptr},
    Declaration{"_[_](optional<map<A, B>>, A): optional<B>", nullptr},
    Declaration{"_[?_](list<A>, int): optional<A>", nullptr},
    Declaration{"_[?_](map<A, B>, A): optional<B>", nullptr},
    Declaration{"_[?_](optional<list<A>>, int): optional<A>", nullptr},
    Declaration{"_[?_](optional<map<A, B>>, A): optional<B>", nullptr},
    Declaration{"_+_(int, int): int", nullptr},
    Declaration{"_+_(uint, uint): uint", nullptr},
    Declaration{"_+_(double, double): double", nullptr},
    Declaration{"_+_(string, string): string", nullptr},
    Declaration{"_+_(bytes, bytes): bytes", nullptr},
    Declaration{"_+_(list<A>, list<A>): list<A>", nullptr},
    Declaration{"_+_(timestamp, duration): timestamp", nullptr},
    Declaration{"_+_(duration, timestamp): timestamp", nullptr},
    Declaration{"_+_(duration, duration): duration", nullptr},
    Declaration{"_-_(int, int): int", nullptr},
    Declaration{"_-_(uint, uint): uint", nullptr},
    Declaration{"_-_(double, double): double", nullptr},
    Declaration{"_-_(timestamp, timestamp): duration", nullptr},
    Declaration{"_-_(timestamp, duration): timestamp", nullptr},
    Declaration{"_-_(duration, duration): duration", nullptr},
    Declaration{"_*_(int, int): int", nullptr},
    Declaration{"_*_(uint, uint): uint", nullptr},
    Declaration{"_*_(double, double): double", nullptr},
    Declaration{"_/_(int, int): int", nullptr},
    Declaration{"_/_(uint, uint): uint", nullptr},
    Declaration{"_/_(double, double): double", nullptr},
    Declaration{"_%_(int, int): int", nullptr},
    Declaration{"_%_(uint, uint): uint", nullptr},
    Declaration{".or(optional<A>, optional<A>): optional<A>", nullptr},
    Declaration{".orValue(optional<A>, A): A", nullptr},
};

}  // namespace

std::span<const Declaration> operator_table() { return kTable; }

}  // namespace oap::expr
