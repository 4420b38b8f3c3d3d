-- Sums of 64-bit integers, exact to the last bit: what `i64` accepts as text and what `checked_add` refuses.

-- A sign and 20 digits; nothing if the text is no integer of 64 bits.
local function integer(value)
  local sign, digits = value:match('^([+-]?)(%d+)$')
  if not digits then
    return nil
  end
  digits = digits:gsub('^0+', '')
  if #digits > 19 then
    return nil
  end
  digits = string.rep('0', 20 - #digits) .. digits
  local negative = sign == '-'
  if digits > (negative and '09223372036854775808' or '09223372036854775807') then
    return nil
  end
  return negative, digits
end

-- The difference of two numbers of 20 digits, of which the first is not the smaller.
local function minus(a, b)
  local low = tonumber(a:sub(11)) - tonumber(b:sub(11))
  local high = tonumber(a:sub(1, 10)) - tonumber(b:sub(1, 10))
  if low < 0 then
    low, high = low + 1e10, high - 1
  end
  return string.format('%010.0f%010.0f', high, low)
end

-- The sum as decimal text; or nothing, and why.
local function sum(value, by)
  local minus_a, a = integer(value)
  if not a then
    return nil, 'not-an-integer'
  end
  local minus_b, b = integer(by)
  local negative, digits = minus_a, nil
  if minus_a == minus_b then
    digits = plus(a, b)
  elseif a >= b then
    digits = minus(a, b)
  else
    negative, digits = minus_b, minus(b, a)
  end
  if digits > (negative and '09223372036854775808' or '09223372036854775807') then
    return nil, 'overflow'
  end
  digits = digits:gsub('^0+', '')
  if digits == '' then
    return '0'
  end
  return (negative and '-' or '') .. digits
end
