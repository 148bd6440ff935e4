# enrich.sh CUSTOMER DATE QUANTITY VALUE: what is wrong with an order, or what else can be said of it.
set -eu
customer=$1 date=$2 quantity=$3 value=$4
problem=
case $date in
  [12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]) ;;
  *) problem="no date: $date" ;;
esac
[ -n "$customer" ] || problem='no customer'
awk -v q="$quantity" 'BEGIN { exit !(q ~ /^[0-9]+$/ && q > 0) }' || problem="quantity: $quantity"
awk -v v="$value" 'BEGIN { exit !(v + 0 > 0) }' || problem="value: $value"
price=
size=
if [ -z "$problem" ]; then
  price=$(awk -v v="$value" -v q="$quantity" 'BEGIN { printf "%.4f", v / q }')
  size=$(awk -v v="$value" 'BEGIN { print (v < 20 ? "small" : v < 60 ? "medium" : "large") }')
fi
{
  echo "problem=$problem"
  echo "month=${date%-*}"
  echo "price=$price"
  echo "size=$size"
} >"$DYNA_OUTPUTS"
