// Result<T, E>: a value or the reason why there is none.
//
// Spelled like std::expected, which the compilers we support lack in C++20, so that it can become
// an alias later. A function returns either a T or `Unexpected{error}`. Asking for the value of
// an error (or the other way round) is a bug of ours and asserts.
//
//     Result<uint16_t, TextError> parse_port(std::string_view text);
//     if (auto port = parse_port(word)) use(*port); else return Unexpected{port.error()};
#pragma once

#include <cassert>
#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft {

// Marks the error side: `return Unexpected{error};`.
template <class E>
class Unexpected {
 public:
  constexpr explicit Unexpected(E error) : error_(std::move(error)) {}

  constexpr const E& error() const& { return error_; }
  constexpr E& error() & { return error_; }
  constexpr E&& error() && { return std::move(error_); }

  friend constexpr bool operator==(const Unexpected& a, const Unexpected& b) { return a.error_ == b.error_; }

 private:
  E error_;
};

template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class Result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T, class E>
inline constexpr bool is_result<Result<T, E>> = true;
template <class T>
inline constexpr bool is_unexpected = false;
template <class E>
inline constexpr bool is_unexpected<Unexpected<E>> = true;
}  // namespace detail

template <class T, class E>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  constexpr Result() requires std::default_initializable<T> : state_(std::in_place_index<0>) {}

  template <class U = T>
    requires(std::constructible_from<T, U>&& std::convertible_to<U, T> && !detail::is_result<std::remove_cvref_t<U>> &&
             !detail::is_unexpected<std::remove_cvref_t<U>>)
  constexpr Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  template <class G>
    requires std::constructible_from<E, G>
  constexpr Result(Unexpected<G> error) : state_(std::in_place_index<1>, std::move(error).error()) {}

  constexpr bool has_value() const { return state_.index() == 0; }
  constexpr explicit operator bool() const { return has_value(); }

  constexpr T& value() & { return checked_value(); }
  constexpr const T& value() const& { return checked_value(); }
  constexpr T&& value() && { return std::move(checked_value()); }
  constexpr T& operator*() & { return checked_value(); }
  constexpr const T& operator*() const& { return checked_value(); }
  constexpr T&& operator*() && { return std::move(checked_value()); }
  constexpr T* operator->() { return &checked_value(); }
  constexpr const T* operator->() const { return &checked_value(); }

  constexpr E& error() & { return checked_error(); }
  constexpr const E& error() const& { return checked_error(); }
  constexpr E&& error() && { return std::move(checked_error()); }

  template <class U>
  constexpr T value_or(U&& otherwise) const& {
    return has_value() ? checked_value() : static_cast<T>(std::forward<U>(otherwise));
  }
  template <class U>
  constexpr T value_or(U&& otherwise) && {
    return has_value() ? std::move(checked_value()) : static_cast<T>(std::forward<U>(otherwise));
  }

  // Goes on with `next(value)`, which returns a Result of its own; an error is passed through.
  template <class F>
  constexpr auto and_then(F&& next) const& {
    using R = std::remove_cvref_t<std::invoke_result_t<F, const T&>>;
    return has_value() ? std::invoke(std::forward<F>(next), checked_value()) : R(Unexpected<E>(checked_error()));
  }
  template <class F>
  constexpr auto and_then(F&& next) && {
    using R = std::remove_cvref_t<std::invoke_result_t<F, T&&>>;
    return has_value() ? std::invoke(std::forward<F>(next), std::move(checked_value()))
                       : R(Unexpected<E>(std::move(checked_error())));
  }

  // Replaces the value by `change(value)`, or drops it when that returns nothing; an error is passed through.
  template <class F>
  constexpr auto transform(F&& change) const& {
    using U = std::remove_cvref_t<std::invoke_result_t<F, const T&>>;
    using R = Result<U, E>;
    if (!has_value()) {
      return R(Unexpected<E>(checked_error()));
    }
    if constexpr (std::is_void_v<U>) {
      std::invoke(std::forward<F>(change), checked_value());
      return R();
    } else {
      return R(std::invoke(std::forward<F>(change), checked_value()));
    }
  }
  template <class F>
  constexpr auto transform(F&& change) && {
    using U = std::remove_cvref_t<std::invoke_result_t<F, T&&>>;
    using R = Result<U, E>;
    if (!has_value()) {
      return R(Unexpected<E>(std::move(checked_error())));
    }
    if constexpr (std::is_void_v<U>) {
      std::invoke(std::forward<F>(change), std::move(checked_value()));
      return R();
    } else {
      return R(std::invoke(std::forward<F>(change), std::move(checked_value())));
    }
  }

  template <class F>
  constexpr auto transform_error(F&& change) const& {
    using R = Result<T, std::remove_cvref_t<std::invoke_result_t<F, const E&>>>;
    return has_value() ? R(checked_value()) : R(Unexpected(std::invoke(std::forward<F>(change), checked_error())));
  }
  template <class F>
  constexpr auto transform_error(F&& change) && {
    using R = Result<T, std::remove_cvref_t<std::invoke_result_t<F, E&&>>>;
    return has_value() ? R(std::move(checked_value()))
                       : R(Unexpected(std::invoke(std::forward<F>(change), std::move(checked_error()))));
  }

  friend constexpr bool operator==(const Result& a, const Result& b) { return a.state_ == b.state_; }

 private:
  constexpr T& checked_value() {
    assert(has_value() && "value of a Result that holds an error");
    return *std::get_if<0>(&state_);
  }
  constexpr const T& checked_value() const {
    assert(has_value() && "value of a Result that holds an error");
    return *std::get_if<0>(&state_);
  }
  constexpr E& checked_error() {
    assert(!has_value() && "error of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }
  constexpr const E& checked_error() const {
    assert(!has_value() && "error of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }

  std::variant<T, E> state_;
};

// Success without a value: `return {};`.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  constexpr Result() = default;

  template <class G>
    requires std::constructible_from<E, G>
  constexpr Result(Unexpected<G> error) : error_(std::in_place, std::move(error).error()) {}

  constexpr bool has_value() const { return !error_.has_value(); }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr void value() const { assert(has_value() && "value of a Result that holds an error"); }

  constexpr E& error() & { return checked_error(); }
  constexpr const E& error() const& { return checked_error(); }
  constexpr E&& error() && { return std::move(checked_error()); }

  template <class F>
  constexpr auto and_then(F&& next) const {
    using R = std::remove_cvref_t<std::invoke_result_t<F>>;
    return has_value() ? std::invoke(std::forward<F>(next)) : R(Unexpected<E>(checked_error()));
  }

  template <class F>
  constexpr auto transform(F&& make) const {
    using R = Result<std::remove_cvref_t<std::invoke_result_t<F>>, E>;
    return has_value() ? R(std::invoke(std::forward<F>(make))) : R(Unexpected<E>(checked_error()));
  }

  template <class F>
  constexpr auto transform_error(F&& change) const {
    using R = Result<void, std::remove_cvref_t<std::invoke_result_t<F, const E&>>>;
    return has_value() ? R() : R(Unexpected(std::invoke(std::forward<F>(change), checked_error())));
  }

  friend constexpr bool operator==(const Result& a, const Result& b) { return a.error_ == b.error_; }

 private:
  constexpr E& checked_error() {
    assert(!has_value() && "error of a Result that holds a value");
    return *error_;
  }
  constexpr const E& checked_error() const {
    assert(!has_value() && "error of a Result that holds a value");
    return *error_;
  }

  std::optional<E> error_;
};

}  // namespace weft
