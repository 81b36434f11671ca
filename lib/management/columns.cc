#include "lib/management/columns.h"

namespace weft::management {

const Columns::Map& Columns::map() const {
  static const Map nothing;
  return values_ == nullptr ? nothing : *values_;
}

Columns::Map& Columns::own() {
  if (values_ == nullptr || values_.use_count() > 1) {
    values_ = std::make_shared<Map>(map());
  }
  return *values_;
}

Datum& Columns::operator[](std::string_view name) {
  Map& values = own();
  const auto found = values.lower_bound(name);
  return found != values.end() && found->first == name ? found->second
                                                       : values.emplace_hint(found, name, Datum())->second;
}

void Columns::set(std::string_view name, Datum value) {
  if (!value.empty()) {
    (*this)[name] = std::move(value);
  } else if (contains(name)) {
    Map& values = own();
    values.erase(values.find(name));
  }
}

}  // namespace weft::management
