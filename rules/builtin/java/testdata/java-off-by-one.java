import java.util.List;

class Prices {
    int total(int[] prices) {
        int sum = 0;
        for (int i = 0; i <= prices.length; i++) {
            // ruleid: java-off-by-one
            sum += prices[i];
        }
        return sum;
    }

    int all(List<Integer> prices) {
        int sum = 0;
        for (int i = 0; i <= prices.size(); i++) {
            // ruleid: java-off-by-one
            sum += prices.get(i);
        }
        return sum;
    }

    int letters(String text) {
        int count = 0;
        for (int i = 0; i <= text.length(); i++) {
            // ruleid: java-off-by-one
            count += text.charAt(i);
        }
        return count;
    }

    int right(List<Integer> prices, String text) {
        int sum = 0;
        for (int i = 0; i < prices.size(); i++) {
            // ok: java-off-by-one
            sum += prices.get(i);
        }
        for (int i = 1; i <= prices.size(); i++) {
            // ok: java-off-by-one
            sum += prices.get(i - 1);
        }
        for (int i = 0; i <= text.length(); i++) {
            // ok: java-off-by-one
            char c = i < text.length() ? text.charAt(i) : ' ';
            sum += c;
        }
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length()) {
                break;
            }
            // ok: java-off-by-one
            sum += text.charAt(i);
        }
        return sum;
    }
}
