// The one file of the program that compiles what Asio and Beast do not keep in templates. There
// must be one: where some files have it inline and others do not, each has error categories of its
// own, and what the parser calls "need more" is no such error to who asks.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
