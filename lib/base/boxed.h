// Boxed<T>: an immutable value on the heap that copies cheaply and compares by what it holds.
//
// For values that are large next to their neighbours, or that contain themselves (an action that holds actions): T may
// be incomplete where Boxed<T> is a member. Copies share one T, which nobody can change. A box made without a value
// holds T{} and takes no memory.
//
// Threads: a box is a value; the shared T is constant. Cost: a copy counts a reference, a comparison of two boxes that
// share their T looks no further.
#pragma once

#include <memory>
#include <utility>

namespace weft {

template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: a box is what it holds

  const T& operator*() const {
    static const T empty{};
    return value_ ? *value_ : empty;
  }
  const T* operator->() const { return &**this; }

  friend bool operator==(const Boxed& a, const Boxed& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace weft
